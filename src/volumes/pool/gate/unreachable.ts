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

/** @param known the newest schema version that this driver can read */
export function newerPool(
  pool: string,
  file: string,
  schemaVersion: number,
  known: number,
): PoolUnreachableError {
  return new PoolUnreachableError(
    'PoolOfNewerDriver',
    `pool "${pool}": ${file} has schemaVersion ${schemaVersion}, this driver knows ${known}: a newer version of the driver has written it; upgrade the driver again, and leave the file as it is`,
  )
}

export function notAnswering(pool: string, path: string): PoolUnreachableError {
  return new PoolUnreachableError(
    'PoolNotAnswering',
    `pool "${pool}": the file system of ${path} does not answer; look for its disk or its server, and in the kernel's log; the pool is opened again when it answers`,
  )
}
