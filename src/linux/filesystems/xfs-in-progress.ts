import type { FileHandle } from 'node:fs/promises'

/**
 * Where xfs_dsb, the superblock at the start of the device, has sb_inprogress (fs/xfs/libxfs/xfs_format.h).
 */
const IN_PROGRESS_OFFSET = 126

/**
 * True for an XFS whose mkfs did not come to its end. mkfs.xfs writes the superblock first, marked so, and
 * takes the mark away last; the kernel mounts no file system that has it, so nothing was ever stored in one.
 */
export async function isXfsInProgress(device: FileHandle): Promise<boolean> {
  const { bytesRead, buffer } = await device.read(Buffer.alloc(1), 0, 1, IN_PROGRESS_OFFSET)
  return bytesRead === 1 && buffer[0] !== 0
}
