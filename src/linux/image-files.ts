import { open, stat, statfs, unlink } from 'node:fs/promises'
import type { FileSystemUsage, ImageFiles } from '../volumes/ports.ts'
import { fallocate, tryLockExclusive } from './libc.ts'

/** st_blocks counts these, whatever the file system's block size (stat(2)). */
const STAT_BLOCK_BYTES = 512n

/** fallocate(2) cannot be interrupted, so large files are allocated in pieces between which a cancelled call ends. */
const ALLOCATION_STEP_BYTES = 4n << 30n

/** The ImageFiles port on the kernel. */
export class LinuxImageFiles implements ImageFiles {
  async create(path: string, sizeBytes: bigint, allocate: boolean, signal: AbortSignal): Promise<void> {
    await using file = await open(path, 'wx', 0o600)
    try {
      if (allocate) await allocateRange(file.fd, 0n, sizeBytes, path, signal)
      else await file.truncate(Number(sizeBytes))
      await file.sync()
    } catch (error) {
      await unlink(path)
      throw error
    }
  }

  async grow(path: string, sizeBytes: bigint, allocate: boolean, signal: AbortSignal): Promise<void> {
    await using file = await open(path, 'r+')
    const before = (await file.stat({ bigint: true })).size
    if (sizeBytes <= before) return
    try {
      if (allocate) await allocateRange(file.fd, before, sizeBytes, path, signal)
      else await file.truncate(Number(sizeBytes))
    } catch (error) {
      // Nobody has seen the new end yet: the device gets it only when all of it is there.
      await file.truncate(Number(before))
      throw error
    }
    await file.sync()
  }

  async size(path: string): Promise<{ logical: bigint; allocated: bigint }> {
    const { size, blocks } = await stat(path, { bigint: true })
    return { logical: size, allocated: blocks * STAT_BLOCK_BYTES }
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

  async lock(path: string): Promise<AsyncDisposable | undefined> {
    const file = await open(path, 'r')
    try {
      if (tryLockExclusive(file.fd, path)) return file
    } catch (error) {
      await file.close()
      throw error
    }
    await file.close()
    return undefined
  }
}

async function allocateRange(
  fd: number,
  from: bigint,
  to: bigint,
  path: string,
  signal: AbortSignal,
): Promise<void> {
  for (let offset = from; offset < to; offset += ALLOCATION_STEP_BYTES) {
    signal.throwIfAborted()
    const length = to - offset < ALLOCATION_STEP_BYTES ? to - offset : ALLOCATION_STEP_BYTES
    await fallocate(fd, 0, offset, length, `allocate ${to} bytes for ${path}`)
  }
}
