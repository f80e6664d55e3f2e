import { createHash, randomBytes } from 'node:crypto'
import { open, readFile, type FileHandle } from 'node:fs/promises'
import { setTimeout } from 'node:timers/promises'
import { hasErrno } from '../src/volumes/model/errors.ts'

/** The programs in a pod: plain system calls, without the driver. */

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
 * Writes until there is no space left, and flushes.
 * @param onProgress gets the number of written bytes
 * @returns the number of written bytes @throws Error when it is more than `limit`
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
  throw new Error(`${written} bytes were written to a volume of ${limit}`)
}

/** Results of the writes of an application. */
export interface Attempts {
  readonly refused: number
  readonly writtenBytes: number
}

/** Keeps writing to an open file, also after ENOSPC, while other work runs. */
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

/** @returns the number of written bytes: 0 when there is no space left */
async function tryWrite(file: FileHandle, block: Buffer): Promise<number> {
  try {
    return (await file.write(block)).bytesWritten
  } catch (error) {
    if (hasErrno(error, 'ENOSPC')) return 0
    throw error
  }
}

/** Tries to create a file. @returns the code of the error; undefined when it succeeds */
export async function tryToCreate(path: string): Promise<string | undefined> {
  try {
    await using _file = await open(path, 'w')
    return undefined
  } catch (error) {
    if (error instanceof Error && 'code' in error) return String(error.code)
    throw error
  }
}
