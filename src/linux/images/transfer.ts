import { FALLOC_FL_KEEP_SIZE, FALLOC_FL_PUNCH_HOLE } from '../files/file-abi.ts'
import { turn } from '../../volumes/pool/gate/gate.ts'
import { fallocate } from '../libc.ts'
import { BufferPool } from './buffer-pool.ts'
import { sharesBlocks } from './clone.ts'
import { differingRuns } from './differing-runs.ts'
import { inOrder } from './in-order.ts'
import { COMPARE_BYTES, WIDTH, WRITTEN_RUNS } from './limits.ts'
import { readZeroFilled, writeAll, type OpenFile } from './open-file.ts'
import { Parts, type Part } from './parts.ts'
import { RangeCopier } from './range-copier.ts'
import type { Span } from './spans.ts'
import { ThreadShare } from './thread-share.ts'
import { transferInThread } from './transfer-thread.ts'

/**
 * Makes the target equal to the source within these spans: data that only the source has is copied, data that
 * only the target has becomes a hole, and where both have data it is compared, and only what differs is
 * written. What is copied gets blocks of the target's own: where blocks can be shared, copy_file_range(2)
 * would share them, so data is read and written there.
 * @param spans ascending, never overlapping
 * @returns the bytes written, piece by piece
 */
export async function* transfer(
  source: OpenFile,
  target: OpenFile,
  spans: readonly Span[],
  signal: AbortSignal,
): AsyncGenerator<bigint> {
  const buffers = new BufferPool(COMPARE_BYTES)
  const insideKernel = !(await sharesBlocks(target))
  const copier = new RangeCopier(source, target, buffers, insideKernel)
  using thread = new ThreadShare()
  const parts = new Parts(source, target, spans, () => thread.take())

  yield* inOrder(parts, WIDTH, async (part) => {
    signal.throwIfAborted()
    const length = part.end - part.start
    if (part.left && part.right) return correct(source, target, part, buffers)
    if (part.left) {
      await copier.copy(part)
      return length
    }
    const mode = FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE
    const what = `punch a hole into ${target.path}`
    await turn(() => fallocate(target.handle.fd, mode, part.start, length, what))
    return 0n
  })
  yield* transferInThread(source, target, insideKernel, parts.rest, signal)
}

/** @returns the bytes that differed, with those between them that were written along */
async function correct(
  source: OpenFile,
  target: OpenFile,
  { start, end }: Part,
  buffers: BufferPool,
): Promise<bigint> {
  using wanted = buffers.borrow(end - start)
  using found = buffers.borrow(end - start)
  await Promise.all([
    readZeroFilled(source, wanted.buffer, start),
    readZeroFilled(target, found.buffer, start),
  ])
  let written = 0n
  for (const run of differingRuns(wanted.buffer, found.buffer, WRITTEN_RUNS)) {
    await writeAll(target, wanted.buffer.subarray(run.start, run.end), start + BigInt(run.start))
    written += BigInt(run.end - run.start)
  }
  return written
}
