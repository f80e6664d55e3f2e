import { VolumeError } from '../errors.ts'

/** For programs: CSI's `reason` of a pool that cannot be used. */
export type UnreachableReason =
  'PoolNotMounted' | 'PoolReplaced' | 'PoolUnreadable' | 'PoolImageMissing' | 'PoolImageNotMountable'

/** A pool that was there before cannot be used now. The other pools are not concerned, and it may come back. */
export class PoolUnreachableError extends VolumeError {
  readonly reason: UnreachableReason

  constructor(reason: UnreachableReason, message: string, options?: ErrorOptions) {
    super('unavailable', message, options)
    this.name = 'PoolUnreachableError'
    this.reason = reason
  }
}
