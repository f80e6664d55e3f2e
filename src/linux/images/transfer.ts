import { sharesBlocks } from './shared-blocks.ts'
import { FileInProcess } from './file-calls.ts'
import type { OpenFile } from './open-file.ts'
import type { Span } from './spans.ts'
import { TransferEngine, type Piece } from './transfer-engine.ts'
import { ThreadShare, transferInThread } from './transfer-thread.ts'
import { inOrder, inProcess, WIDTH } from './work.ts'

/**
 * Makes the target equal to the source within these spans, with a few pieces at the same time; fragmented
 * files continue in a thread. The copies must have blocks of their own: where copy_file_range(2) would share
 * blocks, data is read and written instead.
 * @param spans ascending, never overlapping
 * @returns the bytes written, piece by piece
 */
export async function* transfer(
  source: OpenFile,
  target: OpenFile,
  spans: readonly Span[],
  signal: AbortSignal,
): AsyncGenerator<bigint> {
  const insideKernel = !(await sharesBlocks(target))
  const engine = new TransferEngine(new FileInProcess(source), new FileInProcess(target), insideKernel)
  using thread = new ThreadShare()
  const rest: Span[] = []
  yield* inOrder(unfragmented(engine, spans, thread, rest), WIDTH, (piece) => {
    signal.throwIfAborted()
    return inProcess(engine.transfer(piece))
  })
  yield* transferInThread(source, target, insideKernel, rest, signal)
}

/**
 * Files count as fragmented when so many extents are on average so small that the calls take longer than the
 * data.
 */
const EXTENTS = 256
const EXTENT_BYTES = 256n << 10n

/**
 * The pieces within the spans, as long as the two files are not fragmented, or there is no thread for
 * fragmented ones.
 * @param thread taken when the files are found to be fragmented
 * @param rest gets the remaining spans for the thread
 */
async function* unfragmented(
  engine: TransferEngine,
  spans: readonly Span[],
  thread: ThreadShare,
  rest: Span[],
): AsyncGenerator<Piece> {
  let [extents, bytes] = [0, 0n]
  for (const [index, span] of spans.entries()) {
    const pieces = engine.pieces(span)
    for (let piece = await inProcess(pieces.next()); piece; piece = await inProcess(pieces.next())) {
      if (!piece.inSource && !piece.inTarget) continue
      if (extents === EXTENTS) {
        if (bytes < BigInt(EXTENTS) * EXTENT_BYTES && thread.take()) {
          rest.push({ start: piece.start, end: span.end }, ...spans.slice(index + 1))
          return
        }
        ;[extents, bytes] = [0, 0n]
      }
      extents++
      bytes += piece.end - piece.start
      yield piece
    }
  }
}
