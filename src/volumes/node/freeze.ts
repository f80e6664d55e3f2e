import { VolumeError, hasErrno } from '../errors.ts'
import type { Mounts } from '../ports.ts'

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
  return {
    async [Symbol.asyncDispose]() {
      await mounts.thaw(mountPoint)
    },
  }
}
