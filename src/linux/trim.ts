import { statfs } from 'node:fs/promises'
import { hasErrno } from '../volumes/errors.ts'
import { decodeTrimmed, encodeTrimRange, FITRIM } from './file-abi.ts'
import { ioctlStruct } from './libc.ts'
import { openMountPoint } from './mount-point.ts'

/** One FITRIM cannot be interrupted, so a file system is trimmed in pieces between which a cancelled call ends. */
const STEP_BYTES = 8n << 30n
const END = (1n << 64n) - 1n

/**
 * Gives the unused blocks of a mounted file system back to its device (FITRIM).
 * @returns the bytes that the file system gave back; 0 where the device, or the file system of the image below it,
 * cannot take them
 */
export async function trim(mountPoint: string, signal: AbortSignal): Promise<bigint> {
  await using directory = await openMountPoint(mountPoint)
  let trimmed = 0n
  for (const [start, length] of ranges(await sizeOf(mountPoint))) {
    signal.throwIfAborted()
    const struct = encodeTrimRange(start, length)
    try {
      await ioctlStruct(directory.fd, FITRIM, struct, `trim ${mountPoint} from byte ${start}`)
    } catch (error) {
      if (hasErrno(error, 'ENOTSUP')) return trimmed
      // A range that begins behind the last block.
      if (hasErrno(error, 'EINVAL') && start > 0n) return trimmed
      throw error
    }
    trimmed += decodeTrimmed(struct)
  }
  return trimmed
}

/**
 * The last range is open: ext4 says less than its size, and a btrfs counts in addresses of its own, which grow beyond
 * the size of its device with every balance.
 */
function* ranges(sizeBytes: bigint): Generator<readonly [start: bigint, length: bigint]> {
  let start = 0n
  for (; start < sizeBytes; start += STEP_BYTES) yield [start, STEP_BYTES]
  yield [start, END - start]
}

async function sizeOf(mountPoint: string): Promise<bigint> {
  const { blocks, bsize } = await statfs(mountPoint, { bigint: true })
  return blocks * bsize
}
