import type { FileHandle } from 'node:fs/promises'
import { turn } from '../../volumes/pool/gate/turn.ts'
import type { Result, Work } from './work.ts'

/** An open file, and its name in errors. */
export interface OpenFile {
  readonly handle: FileHandle
  readonly path: string
}

export async function sizeOf({ handle }: OpenFile): Promise<bigint> {
  return (await turn(() => handle.stat({ bigint: true }))).size
}

export interface Readable {
  /**
   * read(2) to the buffer from `filled` on.
   * @returns how much was read: less than there is room for, or 0 at the end of the file
   */
  read(buffer: Buffer, filled: number, offset: bigint): Result<number>
}

export interface Writable {
  /**
   * write(2) of the buffer from `written` on.
   * @returns how much was written: it may be less, for example when the disk fills up
   */
  write(buffer: Buffer, written: number, offset: bigint): Result<number>
}

/** Reads and writes of the process: each has its turn at the pool's gate. */
export class FileIO implements Readable, Writable {
  readonly #handle: FileHandle

  constructor({ handle }: OpenFile) {
    this.#handle = handle
  }

  async read(buffer: Buffer, filled: number, offset: bigint): Promise<number> {
    const [length, position] = [buffer.length - filled, Number(offset)]
    return (await turn(() => this.#handle.read(buffer, filled, length, position))).bytesRead
  }

  async write(buffer: Buffer, written: number, offset: bigint): Promise<number> {
    const [length, position] = [buffer.length - written, Number(offset)]
    return (await turn(() => this.#handle.write(buffer, written, length, position))).bytesWritten
  }
}

/**
 * Fills the buffer; behind the end of the file it reads zeros, as in a hole.
 * @returns how many bytes there were
 */
export function* readZeroFilled(file: Readable, buffer: Buffer, offset: bigint): Work<number> {
  let filled = 0
  while (filled < buffer.length) {
    const given = file.read(buffer, filled, offset + BigInt(filled))
    const length = given instanceof Promise ? ((yield given) as number) : given
    if (length === 0) break
    filled += length
  }
  if (filled < buffer.length) buffer.fill(0, filled)
  return filled
}

/** Writes the whole buffer. */
export function* writeAll(file: Writable, buffer: Buffer, offset: bigint): Work<void> {
  let written = 0
  while (written < buffer.length) {
    const given = file.write(buffer, written, offset + BigInt(written))
    written += given instanceof Promise ? ((yield given) as number) : given
  }
}
