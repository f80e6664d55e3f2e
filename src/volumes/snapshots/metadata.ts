import { larger, smaller } from '../model/bytes.ts'
import { VolumeError } from '../model/errors.ts'
import type { Extent } from '../model/ports.ts'

/** Extents per message where the caller leaves it to us: some 20 KiB. */
const DEFAULT_RESULTS = 1000

/** What a message has at most, whoever asks for more, so that it stays well below gRPC's 4 MiB. */
const MAXIMUM_RESULTS = 10_000

/** Which part of a snapshot's metadata is asked for. */
export interface MetadataQuery {
  /** Where to go on, in bytes. */
  readonly startingOffset: bigint
  /** Extents per page; 0: as we like. */
  readonly maxResults: number
}

/** @throws VolumeError invalid-argument; out-of-range for an offset that is not within the snapshot */
export function checkQuery({ startingOffset, maxResults }: MetadataQuery, sizeBytes: bigint): void {
  if (maxResults < 0) throw new VolumeError('invalid-argument', `max_results ${maxResults} is negative`)
  if (startingOffset < 0n || startingOffset > sizeBytes) {
    throw new VolumeError(
      'out-of-range',
      `starting_offset ${startingOffset} is not within the snapshot, which has ${sizeBytes} bytes`,
    )
  }
}

/**
 * Puts extents, ascending and without overlap, into pages from the starting offset on. What lies before it,
 * or behind the end of the snapshot, is cut off. The first page may be empty; there always is one, so that a
 * caller hears of a snapshot in which there is nothing.
 */
export async function* pagesOf(
  extents: AsyncIterable<Extent>,
  { startingOffset, maxResults }: MetadataQuery,
  sizeBytes: bigint,
): AsyncGenerator<Extent[]> {
  const room = Math.min(maxResults || DEFAULT_RESULTS, MAXIMUM_RESULTS)
  let page: Extent[] = []
  let isFirst = true
  for await (const extent of extents) {
    const clipped = clip(extent, startingOffset, sizeBytes)
    if (!clipped) continue
    if (page.length === room) {
      yield page
      page = []
      isFirst = false
    }
    page.push(clipped)
  }
  if (page.length > 0 || isFirst) yield page
}

function clip({ offset, length }: Extent, from: bigint, to: bigint): Extent | undefined {
  const start = larger(offset, from)
  const end = smaller(offset + length, to)
  return start < end ? { offset: start, length: end - start } : undefined
}
