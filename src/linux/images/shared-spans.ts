import {
  FIEMAP_EXTENT_LAST,
  FIEMAP_EXTENT_MERGED,
  FIEMAP_EXTENT_SHARED,
  FIEMAP_FLAG_SYNC,
  physicalSpans,
  type PhysicalSpan,
} from './fiemap.ts'
import type { OpenFile } from './open-file.ts'
import { overlay } from './overlay.ts'
import type { Span } from './spans.ts'

/**
 * Where two files are proven to have the same content because they have the same blocks. That takes one file
 * system (the same st_dev), and extents that are marked as shared and have no mark that makes their place
 * doubtful: not allocated yet, inline, or, on btrfs, compressed, where the place is that of the whole
 * compressed extent wherever in it a file begins.
 */
export async function* sharedSpans(a: OpenFile, b: OpenFile, from: bigint, to: bigint): AsyncGenerator<Span> {
  const [statA, statB] = await Promise.all([a.handle.stat({ bigint: true }), b.handle.stat({ bigint: true })])
  if (statA.dev !== statB.dev) return
  for await (const { start, end, left, right } of overlay(
    physicalSpans(a, from, to, FIEMAP_FLAG_SYNC),
    physicalSpans(b, from, to, FIEMAP_FLAG_SYNC),
  )) {
    if (left && right && isTrusted(left) && isTrusted(right) && place(left) === place(right)) {
      yield { start, end }
    }
  }
}

const harmless = FIEMAP_EXTENT_LAST | FIEMAP_EXTENT_MERGED

function isTrusted({ flags }: PhysicalSpan): boolean {
  return (flags & ~harmless) === FIEMAP_EXTENT_SHARED
}

/** Equal for two spans exactly when each byte that both cover is the same byte of the device. */
function place({ physical, start }: PhysicalSpan): bigint {
  return physical - start
}
