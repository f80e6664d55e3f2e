import { larger, roundUp, smaller } from '../../volumes/model/bytes.ts'
import type { Extent } from '../../volumes/model/ports/image-copier.ts'

/** A range of a file in bytes, without its end. Streams of spans ascend and never overlap. */
export interface Span {
  readonly start: bigint
  readonly end: bigint
}

export function toExtent({ start, end }: Span): Extent {
  return { offset: start, length: end - start }
}

// eslint-disable-next-line @typescript-eslint/require-await -- used like other streams
export async function* spansOf(extents: readonly Extent[]): AsyncGenerator<Span> {
  for (const { offset, length } of extents) yield { start: offset, end: offset + length }
}

/** Cuts at the multiples of `bytes`, so that every piece but the first and the last is whole. */
export function* pieces({ start, end }: Span, bytes: bigint): Generator<Span> {
  while (start < end) {
    const boundary = smaller(end, roundUp(start + 1n, bytes))
    yield { start, end: boundary }
    start = boundary
  }
}

/** Moves both ends out to multiples of `granule`, within the bounds, and joins what then touches. */
export function aligned(spans: AsyncIterable<Span>, granule: bigint, bounds: Span): AsyncGenerator<Span> {
  return merged(moved())

  async function* moved(): AsyncGenerator<Span> {
    for await (const span of spans) {
      const start = larger(bounds.start, span.start - (span.start % granule))
      const end = smaller(bounds.end, roundUp(span.end, granule))
      if (start < end) yield { start, end }
    }
  }
}

/** Joins spans that touch, or overlap the one before. */
export async function* merged(spans: AsyncIterable<Span>): AsyncGenerator<Span> {
  let open: Span | undefined
  for await (const span of spans) {
    if (open && span.start <= open.end) {
      open = { start: open.start, end: larger(open.end, span.end) }
    } else {
      if (open) yield open
      open = span
    }
  }
  if (open) yield open
}

/** A range in which neither stream begins or ends a span, and the spans that cover it. */
export interface Segment<Left extends Span, Right extends Span> extends Span {
  readonly left: Left | undefined
  readonly right: Right | undefined
}

/** Overlays two streams of spans. Ranges that neither covers are left out. */
export async function* overlay<Left extends Span, Right extends Span>(
  left: AsyncGenerator<Left>,
  right: AsyncGenerator<Right>,
): AsyncGenerator<Segment<Left, Right>> {
  await using a = new Cursor(left)
  await using b = new Cursor(right)
  let position = 0n
  for (;;) {
    await Promise.all([a.skipTo(position), b.skipTo(position)])
    const start = larger(position, earlier(a.span?.start, b.span?.start) ?? position)
    const end = earlier(a.nextEdge(start), b.nextEdge(start))
    if (end === undefined) return
    yield { start, end, left: a.at(start), right: b.at(start) }
    position = end
  }
}

/** One stream, at one span or at its end. */
class Cursor<T extends Span> implements AsyncDisposable {
  span: T | undefined
  #done = false
  readonly #spans: AsyncGenerator<T>

  constructor(spans: AsyncGenerator<T>) {
    this.#spans = spans
  }

  /** Goes to the first span that ends behind the position. */
  async skipTo(position: bigint): Promise<void> {
    while (!this.#done && (this.span === undefined || this.span.end <= position)) {
      const next = await this.#spans.next()
      this.#done = next.done === true
      this.span = next.done ? undefined : next.value
    }
  }

  /** Where, behind the position, the current span begins or ends. */
  nextEdge(position: bigint): bigint | undefined {
    return this.at(position) ? this.span?.end : this.span?.start
  }

  /** The span that covers the position. */
  at(position: bigint): T | undefined {
    return this.span && this.span.start <= position ? this.span : undefined
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#spans.return(undefined)
  }
}

function earlier(a: bigint | undefined, b: bigint | undefined): bigint | undefined {
  if (a === undefined) return b
  return b === undefined ? a : smaller(a, b)
}
