/**
 * Numbers of the kernel's interface to files and file systems, from <linux/fs.h>, <linux/falloc.h> and
 * <unistd.h>. Nothing here calls the kernel.
 */

/** st_blocks counts these, whatever the file system's block size (stat(2)). */
export const STAT_BLOCK_BYTES = 512n

/** whence of lseek(2): the next data at or behind an offset. */
export const SEEK_DATA = 3
/** whence of lseek(2): the next hole at or behind an offset; the end of the file is one. */
export const SEEK_HOLE = 4

/** fallocate(2): the file keeps its size. */
export const FALLOC_FL_KEEP_SIZE = 1
/** fallocate(2): makes a hole; only with FALLOC_FL_KEEP_SIZE. */
export const FALLOC_FL_PUNCH_HOLE = 2

/** fallocate(2): what the file shares with others gets blocks of its own; what has none gets some. */
export const FALLOC_FL_UNSHARE_RANGE = 0x40

/** Makes a file share all blocks of another: _IOW(0x94, 9, int). */
export const FICLONE = 0x40049409
/** The same for a range: _IOW(0x94, 13, struct file_clone_range). */
export const FICLONERANGE = 0x4020940d

const FILE_CLONE_RANGE_BYTES = 32
const cloneRange = { sourceFd: 0, sourceOffset: 8 }

/**
 * struct file_clone_range of what lies behind an offset, in bytes, to the beginning of the target. Behind the
 * source's end that is nothing.
 */
export function encodeCloneRange(sourceFd: number, sourceOffset: bigint): Buffer {
  const struct = Buffer.alloc(FILE_CLONE_RANGE_BYTES)
  struct.writeBigInt64LE(BigInt(sourceFd), cloneRange.sourceFd)
  struct.writeBigUInt64LE(sourceOffset, cloneRange.sourceOffset)
  return struct
}

/** Holds up all writers of a file system, and writes out what they wrote: _IOWR('X', 119, int). */
export const FIFREEZE = 0xc0045877
/** Ends that: _IOWR('X', 120, int). */
export const FITHAW = 0xc0045878

/** Discards unused blocks of a file system: _IOWR('X', 121, struct fstrim_range). */
export const FITRIM = 0xc0185879

const FSTRIM_RANGE_BYTES = 24
const range = { start: 0, length: 8, minimumLength: 16 }

/** struct fstrim_range, all in bytes: where to look, and with no minimum of what is worth it. */
export function encodeTrimRange(start: bigint, length: bigint): Buffer {
  const struct = Buffer.alloc(FSTRIM_RANGE_BYTES)
  struct.writeBigUInt64LE(start, range.start)
  struct.writeBigUInt64LE(length, range.length)
  return struct
}

/** The bytes that the kernel says it discarded. */
export function decodeTrimmed(struct: Buffer): bigint {
  return struct.readBigUInt64LE(range.length)
}
