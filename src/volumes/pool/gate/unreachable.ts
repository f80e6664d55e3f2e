import { VolumeError } from '../../model/errors.ts'

/** For programs: CSI's `reason` of a pool that cannot be used. */
export type UnreachableReason =
  | 'PoolNotMounted'
  | 'PoolReplaced'
  | 'PoolUnreadable'
  | 'PoolDamaged'
  | 'PoolOfNewerDriver'
  | 'PoolNotAnswering'
  | 'PoolImageMissing'
  | 'PoolImageNotMountable'

/**
 * A pool that was there before cannot be used now. The other pools are not concerned, and it may come back.
 */
export class PoolUnreachableError extends VolumeError {
  readonly reason: UnreachableReason

  constructor(reason: UnreachableReason, message: string, options?: ErrorOptions) {
    super('unavailable', message, options)
    this.name = 'PoolUnreachableError'
    this.reason = reason
  }
}

export function notAnswering(pool: string, path: string): PoolUnreachableError {
  return new PoolUnreachableError(
    'PoolNotAnswering',
    `pool "${pool}": the file system of ${path} does not answer; look for its disk or its server, and in the kernel's log; the pool is opened again when it answers`,
  )
}
