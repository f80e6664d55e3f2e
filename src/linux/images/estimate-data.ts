import { FIEMAP_EXTENT_UNWRITTEN, physicalSpans } from './fiemap.ts'
import type { OpenFile } from './open-file.ts'
import { minimum, type Span } from './spans.ts'

/** st_blocks counts these (stat(2)). */
const STAT_BLOCK_BYTES = 512n

/**
 * About how many bytes a copy will have to move: FIEMAP gives hundreds of extents in one call, where
 * SEEK_DATA takes two calls for each. It does not see what is not allocated yet, so it is for the eyes only.
 */
export async function estimateData(file: OpenFile, { start, end }: Span): Promise<bigint> {
  let bytes = 0n
  let told = false
  for await (const span of physicalSpans(file, start, end, 0)) {
    told = true
    if ((span.flags & FIEMAP_EXTENT_UNWRITTEN) === 0) bytes += minimum(span.end, end) - span.start
  }
  if (told) return bytes
  const { blocks } = await file.handle.stat({ bigint: true })
  return minimum(blocks * STAT_BLOCK_BYTES, end)
}
