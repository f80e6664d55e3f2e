import { constants, type BigIntStats } from 'node:fs'
import { open, type FileHandle } from 'node:fs/promises'
import { VolumeError, hasErrno } from '../../volumes/model/errors.ts'

const { O_NOFOLLOW, O_NONBLOCK, O_RDONLY, O_RDWR } = constants

/**
 * Opens an existing image. Anything but a file is refused, without following a symbolic link or waiting for a
 * FIFO (open(2): O_NOFOLLOW, O_NONBLOCK, which have no effect on regular files).
 * @throws ENOENT; VolumeError failed-precondition for anything but an image
 */
export async function openImage(path: string, mode: 'r' | 'r+'): Promise<FileHandle> {
  return (await openIf(requireRegular, path, mode)).file
}

/** As `openImage`, for an image or a block device. */
export function openImageOrDevice(path: string, mode: 'r' | 'r+'): Promise<OpenFile> {
  return openIf(requireRegularOrDevice, path, mode)
}

/** An open file, and the answer of fstat(2) when it was opened. */
export interface OpenFile {
  readonly file: FileHandle
  readonly stat: BigIntStats
}

async function openIf(
  require: (path: string, stat: BigIntStats) => void,
  path: string,
  mode: 'r' | 'r+',
): Promise<OpenFile> {
  const flags = (mode === 'r' ? O_RDONLY : O_RDWR) | O_NOFOLLOW | O_NONBLOCK
  const file = await open(path, flags).catch((error: unknown) => {
    // A symbolic link; a directory; a socket, or a FIFO without a reader.
    throw hasErrno(error, 'ELOOP', 'EISDIR', 'ENXIO') ? noImage(path, error) : error
  })
  try {
    const stat = await file.stat({ bigint: true })
    require(path, stat)
    return { file, stat }
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

function requireRegularOrDevice(path: string, stat: BigIntStats): void {
  if (!stat.isBlockDevice()) requireRegular(path, stat)
}

function noImage(path: string, cause?: unknown): VolumeError {
  const message = `${path} is no regular file: something else is in the place of the image; put the image back`
  return new VolumeError('failed-precondition', message, { cause })
}
