import { constants, open, stat, type FileHandle } from 'node:fs/promises'
import { join } from 'node:path'
import { VolumeError } from '../../volumes/model/errors.ts'

/**
 * Opens the root of a mounted file system, for the ioctls that are meant for all of it. A directory where
 * nothing is mounted any more is refused: it would stand for the file system of the machine, and freezing
 * that stops everything. Opening and closing writes nothing, so it does not wait for a thaw.
 */
export async function openMountPoint(path: string): Promise<FileHandle> {
  const directory = await open(path, constants.O_RDONLY | constants.O_DIRECTORY)
  try {
    const [inside, above] = await Promise.all([directory.stat(), stat(join(path, '..'))])
    if (inside.dev !== above.dev) return directory
    throw new VolumeError('failed-precondition', `no file system of its own is mounted on ${path}`)
  } catch (error) {
    await directory.close()
    throw error
  }
}
