import type { Logger } from 'pino'
import type { Jobs } from '../concurrency/jobs.ts'
import type { KeyedLock } from '../concurrency/keyed-lock.ts'
import type { Observer } from '../model/observer.ts'
import type { WriteTracer } from '../model/ports/image-copier.ts'
import type { Catalog } from '../pool/catalog.ts'
import type { PoolPorts } from '../pool/gate/gated-ports.ts'
import type { VolumeAccess } from './volume-access.ts'

/** What all operations on this node's volumes and snapshots work with. */
export interface NodeContext extends PoolPorts {
  /** Undefined where the kernel has no write trace; then whole images are compared. */
  readonly tracer: WriteTracer | undefined
  readonly nodeId: string
  readonly catalog: Catalog
  readonly access: VolumeAccess
  /** The locks of snapshots and groups; those of volumes belong to `access`. */
  readonly locks: KeyedLock
  /** Copies, which outlive the calls that ask for them. */
  readonly jobs: Jobs
  readonly observer: Observer
  readonly log: Logger
}
