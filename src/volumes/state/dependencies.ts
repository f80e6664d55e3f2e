import type { Catalog } from '../pool/catalog.ts'
import type { KeyedLock } from '../concurrency/keyed-lock.ts'
import type { FileSystems, ImageFiles, LoopDevices, Mounts } from '../model/ports.ts'

/** What everything that happens to a volume on the node works with. */
export interface NodeDependencies {
  readonly catalog: Catalog
  readonly locks: KeyedLock
  readonly files: ImageFiles
  readonly loops: LoopDevices
  readonly mounts: Mounts
  readonly fileSystems: FileSystems
}
