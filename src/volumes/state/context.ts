import type { Logger } from 'pino'
import type { Jobs } from '../concurrency/jobs.ts'
import type { KeyedLock } from '../concurrency/keyed-lock.ts'
import type { Observer } from '../model/observer.ts'
import type {
  FileSystems,
  ImageCopier,
  ImageFiles,
  LoopDevices,
  Mounts,
  WriteTracer,
} from '../model/ports.ts'
import type { Catalog } from '../pool/catalog.ts'
import type { VolumeAccess } from './volume-access.ts'

/** What all operations on this node's volumes and snapshots work with. */
export interface NodeContext {
  readonly nodeId: string
  readonly catalog: Catalog
  readonly access: VolumeAccess
  /** Of snapshots and groups; those of volumes belong to `access`. */
  readonly locks: KeyedLock
  /** Copies, which outlive the calls that ask for them. */
  readonly jobs: Jobs
  readonly files: ImageFiles
  readonly loops: LoopDevices
  readonly mounts: Mounts
  readonly fileSystems: FileSystems
  readonly copier: ImageCopier
  /** Undefined where the kernel does not tell who writes what. */
  readonly tracer: WriteTracer | undefined
  readonly observer: Observer
  readonly log: Logger
}
