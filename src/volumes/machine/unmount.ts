import { VolumeError, hasErrno } from '../model/errors.ts'
import type { Mounts } from '../model/ports.ts'

/** Unmounts a volume from a path. @throws VolumeError failed-precondition while something is open there */
export async function unmountIdle(mounts: Mounts, volumeId: string, path: string): Promise<void> {
  try {
    await mounts.unmount(path)
  } catch (error) {
    if (!hasErrno(error, 'EBUSY')) throw error
    const message = `volume "${volumeId}" is still in use at ${path}: a process has something open there`
    throw new VolumeError('failed-precondition', message, { cause: error })
  }
}
