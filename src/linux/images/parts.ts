import { dataSpans } from './data-spans.ts'
import { COMPARE_BYTES, COPY_BYTES } from './limits.ts'
import type { OpenFile } from './open-file.ts'
import { overlay, type Segment } from './overlay.ts'
import { pieces, type Span } from './spans.ts'

/** What is done in one go: `left` is where the source has data, `right` where the target has. */
export type Part = Segment<Span, Span>

/**
 * Files are fragmented when so many extents come to less than so much each, which takes less time than the
 * calls for it.
 */
const EXTENTS = 256
const EXTENT_BYTES = 256n << 10n

/**
 * What is to be done to make a target equal to a source within some spans, as long as the two are not
 * fragmented, or there is no thread for fragmented ones.
 */
export class Parts implements AsyncIterable<Part> {
  /** After the last part: where it was not looked, because the files are fragmented. */
  rest: readonly Span[] = []
  readonly #source: OpenFile
  readonly #target: OpenFile
  readonly #spans: readonly Span[]
  readonly #takeThread: () => boolean

  /**
   * @param spans ascending, never overlapping
   * @param takeThread asked when the files are found to be fragmented; false: this goes on
   */
  constructor(source: OpenFile, target: OpenFile, spans: readonly Span[], takeThread: () => boolean) {
    this.#source = source
    this.#target = target
    this.#spans = spans
    this.#takeThread = takeThread
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Part> {
    let [extents, bytes] = [0, 0n]
    for (const [index, { start, end }] of this.#spans.entries()) {
      const source = dataSpans(this.#source, start, end)
      for await (const segment of overlay(source, dataSpans(this.#target, start, end))) {
        if (extents === EXTENTS) {
          if (bytes < BigInt(EXTENTS) * EXTENT_BYTES && this.#takeThread()) {
            this.rest = [{ start: segment.start, end }, ...this.#spans.slice(index + 1)]
            return
          }
          ;[extents, bytes] = [0, 0n]
        }
        extents++
        bytes += segment.end - segment.start
        const most = segment.left && segment.right ? COMPARE_BYTES : COPY_BYTES
        for (const piece of pieces(segment, most)) yield { ...segment, ...piece }
      }
    }
  }
}
