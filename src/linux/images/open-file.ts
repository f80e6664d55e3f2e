import type { FileHandle } from 'node:fs/promises'
import { turn } from '../../volumes/pool/gate/gate.ts'

/** A file that is open, and the name under which errors speak of it. */
export interface OpenFile {
  readonly handle: FileHandle
  readonly path: string
}

export async function sizeOf({ handle }: OpenFile): Promise<bigint> {
  return (await turn(() => handle.stat({ bigint: true }))).size
}

/**
 * Fills the buffer from this offset on; what lies behind the end of the file reads as zeros, as a hole does.
 */
export async function readZeroFilled({ handle }: OpenFile, buffer: Buffer, offset: bigint): Promise<void> {
  let filled = 0
  while (filled < buffer.length) {
    const { bytesRead } = await turn(() =>
      handle.read(buffer, filled, buffer.length - filled, Number(offset) + filled),
    )
    if (bytesRead === 0) break
    filled += bytesRead
  }
  buffer.fill(0, filled)
}

/** Writes the whole buffer: one write(2) may take less, for example where the disk gets full. */
export async function writeAll({ handle }: OpenFile, buffer: Buffer, offset: bigint): Promise<void> {
  let written = 0
  while (written < buffer.length) {
    const { bytesWritten } = await turn(() =>
      handle.write(buffer, written, buffer.length - written, Number(offset) + written),
    )
    written += bytesWritten
  }
}
