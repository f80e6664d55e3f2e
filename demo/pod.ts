import { createHash, randomBytes } from 'node:crypto'
import { open, readFile, type FileHandle } from 'node:fs/promises'
import { setTimeout } from 'node:timers/promises'
import { hasErrno } from '../src/volumes/model/errors.ts'

/** What the programs in a pod do with a volume: plain system calls, which know nothing of the driver. */

const MIB = 1 << 20

/** Writes random bytes and flushes them. @returns their checksum */
export async function writeFlushed(file: FileHandle, bytes: number, position?: number): Promise<string> {
  const data = randomBytes(bytes)
  let written = 0
  while (written < bytes) {
    const at = position === undefined ? null : position + written
    written += (await file.write(data, written, bytes - written, at)).bytesWritten
  }
  await file.sync()
  return checksum(data)
}

/** The checksum of a whole file. */
export async function checksumOf(path: string): Promise<string> {
  return checksum(await readFile(path))
}

/** The checksum of a part of a file or a device. */
export async function checksumOfPart(path: string, position: number, bytes: number): Promise<string> {
  await using file = await open(path, 'r')
  const { buffer, bytesRead } = await file.read(Buffer.alloc(bytes), 0, bytes, position)
  return checksum(buffer.subarray(0, bytesRead))
}

function checksum(data: Buffer): string {
  return createHash('sha256').update(data).digest('hex')
}

/**
 * Writes until there is no space left, and flushes what went in.
 * @param onProgress is told again and again how many bytes have gone in
 * @returns how many bytes went in @throws Error when more than `limit` did
 */
export async function writeUntilFull(
  file: FileHandle,
  limit: bigint,
  onProgress: (bytes: number) => void,
  signal: AbortSignal,
): Promise<number> {
  const block = randomBytes(MIB)
  let written = 0
  while (written <= limit) {
    signal.throwIfAborted()
    const accepted = await tryWrite(file, block)
    if (accepted === 0) {
      await file.sync()
      return written
    }
    written += accepted
    onProgress(written)
  }
  throw new Error(`${written} bytes went into a volume of ${limit}`)
}

/** How the writes of an application fared. */
export interface Attempts {
  readonly refused: number
  readonly writtenBytes: number
}

/** Keeps on writing to an open file, whether it is refused or not, while something else is done. */
export async function writeWhile(work: () => Promise<void>, file: FileHandle): Promise<Attempts> {
  const block = randomBytes(64 * 1024)
  let refused = 0
  let writtenBytes = 0
  const attempt = async (): Promise<void> => {
    const accepted = await tryWrite(file, block)
    if (accepted === 0) refused++
    writtenBytes += accepted
  }
  let working = true
  const write = async (): Promise<void> => {
    while (working) {
      await attempt()
      await setTimeout(1)
    }
    await attempt()
  }
  const end = (): void => {
    working = false
  }
  await Promise.all([work().finally(end), write().finally(end)])
  return { refused, writtenBytes }
}

/** @returns how many bytes went in: 0 when there is no space left */
async function tryWrite(file: FileHandle, block: Buffer): Promise<number> {
  try {
    return (await file.write(block)).bytesWritten
  } catch (error) {
    if (hasErrno(error, 'ENOSPC')) return 0
    throw error
  }
}

/** Tries to write a file. @returns the name of the error that stops it, or undefined when nothing does */
export async function tryToCreate(path: string): Promise<string | undefined> {
  try {
    await using _file = await open(path, 'w')
    return undefined
  } catch (error) {
    if (error instanceof Error && 'code' in error) return String(error.code)
    throw error
  }
}
