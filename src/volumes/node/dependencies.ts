import type { Catalog } from '../catalog.ts'
import type { KeyedLock } from '../keyed-lock.ts'
import type { FileSystems, ImageFiles, LoopDevices, Mounts } from '../ports.ts'

/** What everything that happens to a volume on the node works with. */
export interface NodeDependencies {
  readonly catalog: Catalog
  readonly locks: KeyedLock
  readonly files: ImageFiles
  readonly loops: LoopDevices
  readonly mounts: Mounts
  readonly fileSystems: FileSystems
}
