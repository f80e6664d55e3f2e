import { constants, type BigIntStats } from 'node:fs'
import { open, type FileHandle } from 'node:fs/promises'
import { VolumeError, hasErrno } from '../../volumes/model/errors.ts'

const { O_NOFOLLOW, O_NONBLOCK, O_RDONLY, O_RDWR } = constants

/**
 * Opens an existing image. Anything but a file is refused, without following a symbolic link or waiting for a
 * FIFO (open(2): O_NOFOLLOW, O_NONBLOCK, which have no effect on regular files).
 * @param devices whether it may be a block device as well
 * @throws ENOENT; VolumeError failed-precondition for anything but an image
 */
export async function openImage(path: string, mode: 'r' | 'r+', devices = false): Promise<FileHandle> {
  const flags = (mode === 'r' ? O_RDONLY : O_RDWR) | O_NOFOLLOW | O_NONBLOCK
  const file = await open(path, flags).catch((error: unknown) => {
    // A symbolic link; a directory; a socket, or a FIFO without a reader.
    throw hasErrno(error, 'ELOOP', 'EISDIR', 'ENXIO') ? noImage(path, error) : error
  })
  try {
    const stat = await file.stat({ bigint: true })
    if (!devices || !stat.isBlockDevice()) requireRegular(path, stat)
    return file
  } catch (error) {
    await file.close()
    throw error
  }
}

/**
 * @param stat of lstat(2) or fstat(2)
 * @throws VolumeError failed-precondition for anything but a regular file
 */
export function requireRegular(path: string, stat: BigIntStats): void {
  if (!stat.isFile()) throw noImage(path)
}

function noImage(path: string, cause?: unknown): VolumeError {
  const message = `${path} is no regular file: something else is in the place of the image; put the image back`
  return new VolumeError('failed-precondition', message, { cause })
}
