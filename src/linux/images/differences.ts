import { BUFFER_BYTES, BufferPool, differingRuns } from './buffers.ts'
import { dataSpans } from './extents.ts'
import { sharedSpans } from './shared-blocks.ts'
import { FileInProcess } from './file-calls.ts'
import { readZeroFilled, sizeOf, type OpenFile } from './open-file.ts'
import { aligned, merged, overlay, pieces, type Span } from './spans.ts'
import { inOrder, WIDTH } from './work.ts'

/** Differences are rounded out to multiples of this, within the two ends. */
export const DIFFERENCE_GRANULE_BYTES = 64 << 10

/**
 * Where two files differ, from an offset to the end of the target; a shorter base counts as continued with
 * zeros. Ranges that are holes in both, or share blocks, are not read.
 */
export function differences(
  base: OpenFile,
  target: OpenFile,
  from: bigint,
  signal: AbortSignal,
): AsyncGenerator<Span> {
  return merged(found())

  async function* found(): AsyncGenerator<Span> {
    const bounds = { start: from, end: await sizeOf(target) }
    const buffers = new BufferPool()
    const doubtful = aligned(unproven(base, target, bounds), BigInt(DIFFERENCE_GRANULE_BYTES), bounds)
    const compare = (piece: Span) => compared(base, target, piece, buffers)
    for await (const spans of inOrder(split(doubtful, signal), WIDTH, compare)) yield* spans
  }
}

/** Ranges with data in at least one of the files that are not shared. */
async function* unproven(base: OpenFile, target: OpenFile, { start, end }: Span): AsyncGenerator<Span> {
  const data = merged(overlay(dataSpans(base, start, end), dataSpans(target, start, end)))
  for await (const segment of overlay(data, sharedSpans(base, target, start, end))) {
    if (segment.left && !segment.right) yield segment
  }
}

async function* split(spans: AsyncIterable<Span>, signal: AbortSignal): AsyncGenerator<Span> {
  for await (const span of spans) {
    for (const piece of pieces(span, BUFFER_BYTES)) {
      signal.throwIfAborted()
      yield piece
    }
  }
}

async function compared(
  base: OpenFile,
  target: OpenFile,
  { start, end }: Span,
  buffers: BufferPool,
): Promise<Span[]> {
  using a = buffers.borrow(end - start)
  using b = buffers.borrow(end - start)
  const [before, after] = [new FileInProcess(base), new FileInProcess(target)]
  await before.both(readZeroFilled(before, a.buffer, start), readZeroFilled(after, b.buffer, start))
  // The first granule is a part of one when the piece does not begin at a multiple.
  const lead = Number(start % BigInt(DIFFERENCE_GRANULE_BYTES))
  return differingRuns(a.buffer, b.buffer, { granule: DIFFERENCE_GRANULE_BYTES, gap: 0, lead }).map(
    (run) => ({
      start: start + BigInt(run.start),
      end: start + BigInt(run.end),
    }),
  )
}
