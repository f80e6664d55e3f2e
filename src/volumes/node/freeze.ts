import { setTimeout } from 'node:timers/promises'
import { VolumeError, hasErrno } from '../errors.ts'
import type { Mounts } from '../ports.ts'

/** A thaw that fails, for want of memory perhaps, is tried again: as long as it is not done, all writers stand still. */
const THAW_ATTEMPTS = 20
const THAW_PAUSE_MS = 50

/**
 * Holds up the writers of a volume until the result is disposed of. Word of it must have been left before
 * (Draft.noteFrozen), for the case that we die.
 * @throws VolumeError aborted when it is frozen already
 */
export async function freeze(mounts: Mounts, volumeId: string, mountPoint: string): Promise<AsyncDisposable> {
  try {
    await mounts.freeze(mountPoint)
  } catch (error) {
    if (!hasErrno(error, 'EBUSY')) throw error
    const message = `volume "${volumeId}" is frozen by somebody else at ${mountPoint}; thaw it (fsfreeze --unfreeze) and repeat the call`
    throw new VolumeError('aborted', message, { cause: error })
  }
  return { [Symbol.asyncDispose]: () => thaw(mounts, mountPoint) }
}

async function thaw(mounts: Mounts, mountPoint: string): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      await mounts.thaw(mountPoint)
      return
    } catch (error) {
      if (attempt === THAW_ATTEMPTS) throw error
      await setTimeout(THAW_PAUSE_MS)
    }
  }
}
