import type { Logger } from 'pino'
import { never } from '../concurrency/deadlines.ts'
import type { UnreachableReason } from '../issues/catalogue.ts'
import { messageOf, VolumeError } from '../model/errors.ts'
import type { PoolConfig } from '../model/pool-config.ts'
import type { ImageFiles } from '../model/ports/image-files.ts'
import type { Gates } from './gate/gates.ts'
import { PoolUnreachableError } from './gate/unreachable.ts'
import type { ImageMounts } from './image/image-mounts.ts'
import { Pool } from './pool.ts'

export interface OpeningDependencies {
  readonly files: ImageFiles
  readonly images: ImageMounts
  readonly gates: Gates
  readonly log: Logger
}

/** A pool whose directory is open, and which is not served yet. */
export interface OpenedPool {
  readonly pool: Pool
  readonly isNew: boolean
  readonly held: AsyncDisposableStack
}

/**
 * Opens the directory of a pool, and mounts its image first if it has one.
 * @param knownId the id of a known pool
 * @throws as `Pool.open` and `ImageMounts.mount` do
 */
export async function openPool(
  { files, gates, images, log }: OpeningDependencies,
  config: PoolConfig,
  knownId: string | undefined,
): Promise<OpenedPool> {
  const { image, name: pool, path: target } = config
  const gate = gates.of(pool)
  await using held = new AsyncDisposableStack()
  if (image) {
    const request = { pool, image, target, isKnown: knownId !== undefined }
    held.use(await gate.within(() => images.mount(request, never)))
  }
  const opened = held.use(await Pool.open(config, files, log, knownId, gate))
  return { pool: opened, isNew: knownId === undefined, held: held.move() }
}

/** Reasons that prove a pool, or prove nothing, so the configuration is not wrong. */
const isOfPool: readonly UnreachableReason[] = ['PoolNotAnswering', 'PoolDamaged', 'PoolOfNewerDriver']

/**
 * Whether the configuration of the pool is wrong, as opposed to a problem of a disk. A new pool has no data
 * to protect, so any failure counts as a mistake.
 */
export function isMistake(error: unknown, { reason }: PoolUnreachableError, isKnown: boolean): boolean {
  const isOurs = error instanceof VolumeError && !(error instanceof PoolUnreachableError)
  return isOurs || (!isKnown && !isOfPool.includes(reason))
}

/** Why the pool cannot be used now. */
export function reasonOf(name: string, error: unknown): PoolUnreachableError {
  if (error instanceof PoolUnreachableError) return error
  return new PoolUnreachableError('PoolUnreadable', `pool "${name}": ${messageOf(error)}`, { cause: error })
}
