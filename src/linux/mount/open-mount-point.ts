import { constants, open, type FileHandle } from 'node:fs/promises'
import { VolumeError } from '../../volumes/model/errors.ts'
import { findMountById } from '../mountinfo/mountinfo.ts'
import { mountIdOfOpen, readMountInfo } from '../mountinfo/find-mount.ts'

/**
 * Opens the directory that a device is mounted at. What has the path may change at any time; what is open is
 * that file system, also when it is unmounted lazily (umount2(2), MNT_DETACH).
 * @param device its path, as the source of the mount
 * @throws VolumeError aborted when another file system is at the path
 */
export async function openMountPoint(device: string, path: string): Promise<FileHandle> {
  await using undo = new AsyncDisposableStack()
  const directory = undo.use(
    await open(path, constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW),
  )
  const entry = findMountById(await readMountInfo(), mountIdOfOpen(directory.fd, path))
  if (entry?.source !== device) {
    const message = `${device} is not mounted at ${path} any more: it was unmounted just now; repeat the call`
    throw new VolumeError('aborted', message)
  }
  undo.move()
  return directory
}

/** As `openMountPoint`, for a tool that opens the path by itself. */
export async function requireMounted(device: string, path: string): Promise<void> {
  await using _directory = await openMountPoint(device, path)
}
