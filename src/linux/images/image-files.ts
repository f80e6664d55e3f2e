import { constants } from 'node:fs'
import { lstat, open, realpath, statfs, unlink } from 'node:fs/promises'
import { larger } from '../../volumes/model/bytes.ts'
import { hasErrno } from '../../volumes/model/errors.ts'
import type { FileSystemUsage, ImageFiles, ImageSize } from '../../volumes/model/ports/image-files.ts'
import {
  copyOnWriteTypes,
  FALLOC_FL_KEEP_SIZE,
  FALLOC_FL_PUNCH_HOLE,
  FALLOC_FL_UNSHARE_RANGE,
  SEEK_DATA,
  SEEK_HOLE,
  STAT_BLOCK_BYTES,
} from '../abi/files.ts'
import { openImage, requireRegular } from '../files/open-image.ts'
import { findMount, mountIdOf } from '../mountinfo/find-mount.ts'
import { waitForStartingChildren } from '../process/posix-spawn.ts'
import { fallocate, lseek, tryLockExclusive } from '../system-calls.ts'
import { sharedBytes } from './shared-blocks.ts'
import { pieces, type Span } from './spans.ts'

/**
 * fallocate(2) cannot be interrupted, so large ranges are allocated in pieces, between which a cancelled call
 * ends.
 */
const ALLOCATION_STEP_BYTES = 4n << 30n

/**
 * Longer than the coarsest timestamp of a file system (2 s on FAT), and than a tick of the kernel's clock.
 */
const CLOCK_STEP_MS = 3000

/** The ImageFiles port on the kernel. */
export class LinuxImageFiles implements ImageFiles {
  async create(path: string, sizeBytes: bigint, allocate: boolean, signal: AbortSignal): Promise<void> {
    await using file = await open(path, 'wx', 0o600)
    try {
      if (allocate) await allocateRange(file.fd, 0, { start: 0n, end: sizeBytes }, path, signal)
      else await file.truncate(Number(sizeBytes))
    } catch (error) {
      await unlink(path)
      throw error
    }
  }

  async grow(path: string, sizeBytes: bigint, allocate: boolean, signal: AbortSignal): Promise<void> {
    await using file = await openImage(path, 'r+')
    const before = (await file.stat({ bigint: true })).size
    if (sizeBytes <= before) return
    try {
      if (allocate) await allocateRange(file.fd, 0, { start: before, end: sizeBytes }, path, signal)
      else await file.truncate(Number(sizeBytes))
      await file.sync()
    } catch (error) {
      // The new end is not in use yet: the device is resized only after this.
      await file.truncate(Number(before))
      throw error
    }
  }

  async allocate(path: string, signal: AbortSignal): Promise<void> {
    await using file = await openImage(path, 'r+')
    const { size } = await file.stat({ bigint: true })
    // FALLOC_FL_UNSHARE_RANGE only where blocks are shared: most file systems do not have it.
    const isShared = (await sharedBytes({ handle: file, path }, size)) > 0n
    const mode = isShared ? FALLOC_FL_UNSHARE_RANGE | FALLOC_FL_KEEP_SIZE : 0
    await allocateRange(file.fd, mode, { start: 0n, end: size }, path, signal)
    await file.sync()
  }

  async missing(path: string): Promise<bigint> {
    await using file = await openImage(path, 'r')
    const { blocks, size } = await file.stat({ bigint: true })
    const own = blocks * STAT_BLOCK_BYTES - (await sharedBytes({ handle: file, path }, size))
    return larger(size - own, 0n)
  }

  async keepsBlocks(path: string): Promise<boolean> {
    const { type } = await statfs(path, { bigint: true })
    return !Object.values(copyOnWriteTypes).includes(type)
  }

  async deallocate(path: string, signal: AbortSignal): Promise<void> {
    await using file = await openImage(path, 'r+')
    const { size } = await file.stat({ bigint: true })
    const hole = (from: bigint): Promise<bigint> => lseek(file.fd, from, SEEK_HOLE, path)
    // SEEK_HOLE also finds ranges that are allocated but never written; the end of the file always counts as
    // a hole.
    for (let start = await hole(0n); start < size;) {
      const end = await nextData(file.fd, start, size, path)
      const mode = FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE
      await fallocateRange(file.fd, mode, { start, end }, `free ${start} to ${end} of ${path}`, signal)
      start = end < size ? await hole(end) : size
    }
    await file.sync()
  }

  /** A file system without support for holes (lseek(2)) reports everything as data. */
  async hasData(path: string): Promise<boolean> {
    await using file = await openImage(path, 'r')
    const { size } = await file.stat({ bigint: true })
    return (await nextData(file.fd, 0n, size, path)) < size
  }

  async version(path: string): Promise<string | undefined> {
    const { ctimeMs, ctimeNs, ino, mtimeNs, size } = await lstat(path, { bigint: true })
    // eslint-disable-next-line no-restricted-syntax -- the times of files are of the wall clock
    const isSettled = Date.now() - Number(ctimeMs) > CLOCK_STEP_MS
    return isSettled ? [ino, size, mtimeNs, ctimeNs].join(' ') : undefined
  }

  async size(path: string): Promise<ImageSize> {
    const stat = await lstat(path, { bigint: true })
    requireRegular(path, stat)
    return { logical: stat.size, allocated: stat.blocks * STAT_BLOCK_BYTES }
  }

  async usage(path: string): Promise<FileSystemUsage> {
    const fs = await statfs(path, { bigint: true })
    return {
      bytes: {
        total: fs.blocks * fs.bsize,
        used: (fs.blocks - fs.bfree) * fs.bsize,
        available: fs.bavail * fs.bsize,
      },
      inodes: { total: fs.files, used: fs.files - fs.ffree, available: fs.ffree },
    }
  }

  /**
   * Since about Linux 6.15 an ext4 that had errors shows `emergency_ro` instead of `ro`, and access(2) does
   * not fail.
   */
  async isReadOnly(path: string): Promise<boolean> {
    const options = (await findMount(await realpath(path), mountIdOf))?.options ?? []
    return options.includes('ro') || options.includes('emergency_ro')
  }

  async lock(path: string): Promise<AsyncDisposable | undefined> {
    // O_NONBLOCK: open(2) would wait for the writer of a FIFO in its place.
    const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK)
    try {
      if (tryLockExclusive(file.fd, path)) return file
      await waitForStartingChildren()
      if (tryLockExclusive(file.fd, path)) return file
    } catch (error) {
      await file.close()
      throw error
    }
    await file.close()
    return undefined
  }
}

function allocateRange(
  fd: number,
  mode: number,
  range: Span,
  path: string,
  signal: AbortSignal,
): Promise<void> {
  return fallocateRange(fd, mode, range, `allocate ${range.end} bytes for ${path}`, signal)
}

async function fallocateRange(
  fd: number,
  mode: number,
  range: Span,
  what: string,
  signal: AbortSignal,
): Promise<void> {
  for (const { start, end } of pieces(range, ALLOCATION_STEP_BYTES)) {
    signal.throwIfAborted()
    await fallocate(fd, mode, start, end - start, what)
  }
}

/** Where data begins at or behind the offset; the size when there is none (ENXIO). */
async function nextData(fd: number, from: bigint, size: bigint, path: string): Promise<bigint> {
  try {
    return await lseek(fd, from, SEEK_DATA, path)
  } catch (error) {
    if (hasErrno(error, 'ENXIO')) return size
    throw error
  }
}
