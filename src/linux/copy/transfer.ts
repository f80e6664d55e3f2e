import { FALLOC_FL_KEEP_SIZE, FALLOC_FL_PUNCH_HOLE } from '../file-abi.ts'
import { fallocate } from '../libc.ts'
import { BufferPool } from './buffer-pool.ts'
import { differingRuns } from './differing-runs.ts'
import { inOrder } from './in-order.ts'
import { readZeroFilled, writeAll, type OpenFile } from './open-file.ts'
import type { Segment } from './overlay.ts'
import { RangeCopier } from './range-copier.ts'
import { pieces, type Span } from './spans.ts'

/** No call copies or punches more than this, so that a cancelled one ends soon: 5 ms in memory, 0.2 s on a slow disk. */
const COPY_BYTES = 16n << 20n

/** Larger buffers fall out of the processor's cache, smaller ones cost more calls (measured: 128 KiB to 4 MiB). */
export const COMPARE_BYTES = 512n << 10n

/** Pieces at the same time: enough to keep two processors busy. With more it gets no faster. */
export const WIDTH = 4

/** Single blocks are written, unless they are so near to each other that one call for both is cheaper. */
const RUNS = { granule: 4 << 10, gap: 16 << 10, lead: 0 }

/** `left` is where the source has data, `right` where the target has. */
type Part = Segment<Span, Span>

/**
 * Makes the target equal to the source within these segments: data that only the source has is copied, data that only
 * the target has becomes a hole, and where both have data it is compared, and only what differs is written.
 * @returns the bytes written, piece by piece
 */
export function transfer(
  source: OpenFile,
  target: OpenFile,
  segments: AsyncIterable<Part>,
  signal: AbortSignal,
): AsyncGenerator<bigint> {
  const buffers = new BufferPool(COMPARE_BYTES)
  const copier = new RangeCopier(source, target, buffers)

  return inOrder(cut(segments, signal), WIDTH, async (part) => {
    const length = part.end - part.start
    if (part.left && part.right) return correct(source, target, part, buffers)
    if (part.left) {
      await copier.copy(part)
      return length
    }
    const mode = FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE
    await fallocate(target.handle.fd, mode, part.start, length, `punch a hole into ${target.path}`)
    return 0n
  })
}

async function* cut(segments: AsyncIterable<Part>, signal: AbortSignal): AsyncGenerator<Part> {
  for await (const segment of segments) {
    const bytes = segment.left && segment.right ? COMPARE_BYTES : COPY_BYTES
    for (const piece of pieces(segment, bytes)) {
      signal.throwIfAborted()
      yield { ...segment, ...piece }
    }
  }
}

/** @returns the bytes that differed, with those between them that were written along */
async function correct(
  source: OpenFile,
  target: OpenFile,
  { start, end }: Span,
  buffers: BufferPool,
): Promise<bigint> {
  using wanted = buffers.borrow(end - start)
  using found = buffers.borrow(end - start)
  await Promise.all([
    readZeroFilled(source, wanted.buffer, start),
    readZeroFilled(target, found.buffer, start),
  ])
  let written = 0n
  for (const run of differingRuns(wanted.buffer, found.buffer, RUNS)) {
    await writeAll(target, wanted.buffer.subarray(run.start, run.end), start + BigInt(run.start))
    written += BigInt(run.end - run.start)
  }
  return written
}
