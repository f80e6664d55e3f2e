import { FileIO, writeAll, type OpenFile } from './open-file.ts'
import { inProcess } from './work.ts'

/** Holes are whole blocks of this size, which suits all file systems. */
const BLOCK_BYTES = 4096

const zeros = Buffer.alloc(BLOCK_BYTES)

/**
 * Writes a stream to an empty file that has holes where the stream has whole blocks of zeros. Nothing is
 * flushed.
 * @param onProgress called with the bytes that have been read; an error that it throws ends the write
 * @returns the bytes that have been read, which is the file's size
 * @throws ENOSPC
 */
export async function writeSparse(
  file: OpenFile,
  stream: AsyncIterable<Buffer>,
  onProgress: (bytes: bigint) => void,
): Promise<bigint> {
  const io = new FileIO(file)
  let offset = 0n
  for await (const piece of stream) {
    for (const [start, run] of dataRuns(piece, Number(offset % BigInt(BLOCK_BYTES)))) {
      await inProcess(writeAll(io, run, offset + BigInt(start)))
    }
    offset += BigInt(piece.length)
    onProgress(offset)
  }
  await file.handle.truncate(Number(offset))
  return offset
}

/**
 * The parts of a piece to write: all blocks that are not zeros, adjacent ones joined.
 * @param phase where in a block the piece begins
 */
export function* dataRuns(piece: Buffer, phase: number): Generator<readonly [start: number, run: Buffer]> {
  let begin: number | undefined
  for (let at = 0; at < piece.length;) {
    const end = Math.min(piece.length, at + BLOCK_BYTES - ((phase + at) % BLOCK_BYTES))
    const isZero = piece.subarray(at, end).equals(zeros.subarray(0, end - at))
    if (isZero && begin !== undefined) {
      yield [begin, piece.subarray(begin, at)]
      begin = undefined
    } else if (!isZero) begin ??= at
    at = end
  }
  if (begin !== undefined) yield [begin, piece.subarray(begin)]
}
