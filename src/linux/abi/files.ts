/*
 * Numbers and layouts of the kernel's interface to files and file systems, from <linux/fs.h>,
 * <linux/falloc.h>, <linux/fiemap.h>, <fcntl.h>, <sys/file.h> and <unistd.h>. Nothing here calls the kernel.
 */

/** open(2): opens only the path, so it works on a disk that does not answer. */
export const O_PATH = 0o10000000

/** flock(2): exclusive. */
export const LOCK_EX = 2
/** flock(2): without waiting. */
export const LOCK_NB = 4

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

/** fallocate(2): gives the range blocks that no other file shares. */
export const FALLOC_FL_UNSHARE_RANGE = 0x40

/** Makes a file share all blocks of another: _IOW(0x94, 9, int). */
export const FICLONE = 0x40049409
/** The same for a range: _IOW(0x94, 13, struct file_clone_range). */
export const FICLONERANGE = 0x4020940d

/**
 * struct file_clone_range; all other fields are 0: up to the end of the source, to the start of the target.
 */
export const cloneRange = { sourceFd: 0, sourceOffset: 8, bytes: 32 }

/**
 * struct file_clone_range of the source from an offset on, in bytes, to the start of the target. Behind the
 * source's end that is an empty range.
 */
export function encodeCloneRange(sourceFd: number, sourceOffset: bigint): Buffer {
  const struct = Buffer.alloc(cloneRange.bytes)
  struct.writeBigInt64LE(BigInt(sourceFd), cloneRange.sourceFd)
  struct.writeBigUInt64LE(sourceOffset, cloneRange.sourceOffset)
  return struct
}

/** Freezes a file system: flushes it, and suspends all writes: _IOWR('X', 119, int). */
export const FIFREEZE = 0xc0045877
/** Thaws it: _IOWR('X', 120, int). */
export const FITHAW = 0xc0045878

/** Discards unused blocks of a file system: _IOWR('X', 121, struct fstrim_range). */
export const FITRIM = 0xc0185879

export const trimRange = { start: 0, length: 8, minimumLength: 16, bytes: 24 }

/** struct fstrim_range, all in bytes, without a minimum length of extents. */
export function encodeTrimRange(start: bigint, length: bigint): Buffer {
  const struct = Buffer.alloc(trimRange.bytes)
  struct.writeBigUInt64LE(start, trimRange.start)
  struct.writeBigUInt64LE(length, trimRange.length)
  return struct
}

/** The discarded bytes, as the kernel reports them. */
export function decodeTrimmed(struct: Buffer): bigint {
  return struct.readBigUInt64LE(trimRange.length)
}

/** Asks for the extents of a file: _IOWR('f', 11, struct fiemap). */
export const FS_IOC_FIEMAP = 0xc020660b

/** struct fiemap: fm_start, fm_length, fm_flags, fm_mapped_extents, fm_extent_count, fm_extents. */
export const fiemap = { start: 0, length: 8, flags: 16, mapped: 20, room: 24, extents: 32 }
/** struct fiemap_extent. */
export const fiemapExtent = { logical: 0, physical: 8, length: 16, flags: 40, bytes: 56 }

/** fm_flags: writes the file out first. */
export const FIEMAP_FLAG_SYNC = 0x1

/** fe_flags that are used. The other lower bits all mean that `physical` is not exact. */
export const FIEMAP_EXTENT_LAST = 0x1
export const FIEMAP_EXTENT_UNWRITTEN = 0x800
export const FIEMAP_EXTENT_MERGED = 0x1000
export const FIEMAP_EXTENT_SHARED = 0x2000

/**
 * f_type of statfs(2) of file systems that allocate new blocks for overwritten data (<linux/magic.h>; OpenZFS
 * and bcachefs have theirs in their sources).
 */
export const copyOnWriteTypes = {
  btrfs: 0x9123683en,
  zfs: 0x2fc12fc1n,
  bcachefs: 0xca451a4en,
}
