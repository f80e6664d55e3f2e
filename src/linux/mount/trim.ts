import { constants, open, stat, statfs, type FileHandle } from 'node:fs/promises'
import { join } from 'node:path'
import { hasErrno, VolumeError } from '../../volumes/model/errors.ts'
import type { TrimStep } from '../../volumes/model/ports/mounts.ts'
import { decodeTrimmed, encodeTrimRange, FITRIM } from '../abi/files.ts'
import { ioctlStruct } from '../system-calls.ts'

/** One FITRIM cannot be interrupted, so it gets no more than this. */
const STEP_BYTES = 8n << 30n
const END = (1n << 64n) - 1n

const nothing: TrimStep = { trimmedBytes: 0n, next: undefined }

/**
 * Discards the unused blocks of a part of a mounted file system (FITRIM). Does nothing where the device, or
 * the file system of the image below it, cannot discard.
 *
 * The last part has no end: statfs(2) of ext4 gives less than its size, and btrfs counts in addresses of its
 * own, which grow beyond the size of its device with every balance.
 */
export async function trim(mountPoint: string, from: bigint): Promise<TrimStep> {
  await using directory = await openMountPoint(mountPoint)
  const isLast = from >= (await sizeOf(mountPoint))
  const struct = encodeTrimRange(from, isLast ? END - from : STEP_BYTES)
  try {
    await ioctlStruct(directory.fd, FITRIM, struct, `trim ${mountPoint} from byte ${from}`)
  } catch (error) {
    if (hasErrno(error, 'ENOTSUP')) return nothing
    // A range that begins behind the last block.
    if (hasErrno(error, 'EINVAL') && from > 0n) return nothing
    throw error
  }
  return { trimmedBytes: decodeTrimmed(struct), next: isLast ? undefined : from + STEP_BYTES }
}

async function sizeOf(mountPoint: string): Promise<bigint> {
  const { blocks, bsize } = await statfs(mountPoint, { bigint: true })
  return blocks * bsize
}

/**
 * Opens the root of a mounted file system, for ioctls on the whole of it. A directory on which nothing is
 * mounted is refused: the ioctl would reach the file system of the machine. Opening and closing write
 * nothing, so they do not wait for a thaw.
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
