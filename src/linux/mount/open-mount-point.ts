import { constants, open } from 'node:fs/promises'
import { VolumeError } from '../../volumes/model/errors.ts'
import { mountIdOfOpen, readMountInfo } from '../mountinfo/find-mount.ts'
import { findMountById } from '../mountinfo/mountinfo.ts'

/** A mounted file system that is held open. */
export interface OpenMountPoint extends AsyncDisposable {
  /** Leads to this file system, for other processes too, whatever is mounted or unmounted meanwhile. */
  readonly path: string
}

/**
 * Opens the directory that a device is mounted at. What has the path may change at any time; what is open is
 * that file system, also when it is unmounted lazily (umount2(2), MNT_DETACH).
 * @param device its path, as the source of the mount
 * @throws VolumeError aborted when another file system is at the path
 */
export async function openMountPoint(device: string, path: string): Promise<OpenMountPoint> {
  await using undo = new AsyncDisposableStack()
  const flags = constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW
  const directory = undo.use(await open(path, flags))
  const entry = findMountById(await readMountInfo(), mountIdOfOpen(directory.fd, path))
  if (entry?.source !== device) {
    const message = `${device} is not mounted at ${path} any more: it was unmounted just now; repeat the call`
    throw new VolumeError('aborted', message)
  }
  undo.move()
  return {
    path: `/proc/${process.pid}/fd/${directory.fd}`,
    [Symbol.asyncDispose]: () => directory.close(),
  }
}
