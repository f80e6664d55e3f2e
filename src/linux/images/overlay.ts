import { maximum, minimum, type Span } from './spans.ts'

/** A range in which neither stream begins or ends a span, and what covers it. */
export interface Segment<Left extends Span, Right extends Span> extends Span {
  readonly left: Left | undefined
  readonly right: Right | undefined
}

/** Lays two streams of spans over each other. What neither covers is left out. */
export async function* overlay<Left extends Span, Right extends Span>(
  left: AsyncGenerator<Left>,
  right: AsyncGenerator<Right>,
): AsyncGenerator<Segment<Left, Right>> {
  await using a = new Cursor(left)
  await using b = new Cursor(right)
  let position = 0n
  for (;;) {
    await Promise.all([a.skipTo(position), b.skipTo(position)])
    const start = maximum(position, earlier(a.span?.start, b.span?.start) ?? position)
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
  return b === undefined ? a : minimum(a, b)
}
