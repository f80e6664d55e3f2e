import { FIEMAP_EXTENT_SHARED, FIEMAP_FLAG_SYNC, physicalSpans } from './fiemap.ts'
import type { OpenFile } from './open-file.ts'
import { minimum } from './spans.ts'

/**
 * How many of a file's bytes, up to an end, are in blocks that other files have, too; 0 where the file system
 * does not tell.
 */
export async function sharedBytes(file: OpenFile, end: bigint): Promise<bigint> {
  let bytes = 0n
  for await (const span of physicalSpans(file, 0n, end, FIEMAP_FLAG_SYNC)) {
    if ((span.flags & FIEMAP_EXTENT_SHARED) !== 0) bytes += minimum(span.end, end) - span.start
  }
  return bytes
}
