import type { Extent } from '../../volumes/model/ports.ts'

/** A range of a file in bytes, without its end. Streams of spans ascend and never overlap. */
export interface Span {
  readonly start: bigint
  readonly end: bigint
}

export function toExtent({ start, end }: Span): Extent {
  return { offset: start, length: end - start }
}

// eslint-disable-next-line @typescript-eslint/require-await -- as a stream among streams
export async function* spansOf(extents: readonly Extent[]): AsyncGenerator<Span> {
  for (const { offset, length } of extents) yield { start: offset, end: offset + length }
}

/** Cuts at the multiples of `bytes`, so that every piece but the first and the last is whole. */
export function* pieces({ start, end }: Span, bytes: bigint): Generator<Span> {
  while (start < end) {
    const cut = minimum(end, roundUp(start + 1n, bytes))
    yield { start, end: cut }
    start = cut
  }
}

/** Moves both ends out to multiples of `granule`, within the bounds, and joins what then touches. */
export function aligned(spans: AsyncIterable<Span>, granule: bigint, bounds: Span): AsyncGenerator<Span> {
  return merged(moved())

  async function* moved(): AsyncGenerator<Span> {
    for await (const span of spans) {
      const start = maximum(bounds.start, span.start - (span.start % granule))
      const end = minimum(bounds.end, roundUp(span.end, granule))
      if (start < end) yield { start, end }
    }
  }
}

/** Joins spans that touch, or overlap the one before. */
export async function* merged(spans: AsyncIterable<Span>): AsyncGenerator<Span> {
  let open: Span | undefined
  for await (const span of spans) {
    if (open && span.start <= open.end) {
      open = { start: open.start, end: maximum(open.end, span.end) }
    } else {
      if (open) yield open
      open = span
    }
  }
  if (open) yield open
}

export function minimum(a: bigint, b: bigint): bigint {
  return a < b ? a : b
}

export function maximum(a: bigint, b: bigint): bigint {
  return a > b ? a : b
}

function roundUp(offset: bigint, granule: bigint): bigint {
  return ((offset + granule - 1n) / granule) * granule
}
