import { formatBytes } from '../../volumes/model/bytes.ts'
import type { CopyProgress } from '../../volumes/model/ports/image-copier.ts'
import { ERASE_LINE } from './text.ts'

const BAR_CELLS = 30

/** How often progress is written to a terminal, and to a file. */
const TERMINAL_INTERVAL_MS = 100
const LINE_INTERVAL_MS = 10_000

/** How often `ElapsedTime` is updated. */
const ELAPSED_INTERVAL_MS = 1000

/**
 * Shows the progress of a copy: a bar on a terminal, else lines. It goes to standard error, because standard
 * output may be the copy.
 */
export class ProgressBar implements Disposable {
  readonly #title: string
  readonly #out: NodeJS.WriteStream
  readonly #intervalMs: number
  #shownAt = performance.now()

  constructor(title: string, out: NodeJS.WriteStream = process.stderr) {
    this.#title = title
    this.#out = out
    this.#intervalMs = out.isTTY ? TERMINAL_INTERVAL_MS : LINE_INTERVAL_MS
  }

  readonly update = ({ copiedBytes, totalBytes }: CopyProgress): void => {
    if (performance.now() - this.#shownAt < this.#intervalMs) return
    this.#shownAt = performance.now()
    const line = progressLine(this.#title, copiedBytes, totalBytes, this.#out.isTTY)
    this.#out.write(this.#out.isTTY ? ERASE_LINE + line : `${line}\n`)
  };

  [Symbol.dispose](): void {
    if (this.#out.isTTY) this.#out.write(ERASE_LINE)
  }
}

/** `export [###...] 42% 1.2 GiB of 2.9 GiB`. */
export function progressLine(title: string, done: bigint, total: bigint, hasBar: boolean): string {
  const share = total === 0n ? 1 : Math.min(1, Number(done) / Number(total))
  const filled = Math.floor(share * BAR_CELLS)
  const bar = hasBar ? ` [${'#'.repeat(filled)}${'.'.repeat(BAR_CELLS - filled)}]` : ''
  return `${title}${bar} ${Math.floor(share * 100)}% ${formatBytes(done)} of ${formatBytes(total)}`
}

/** For work of unknown length: counts its seconds on a terminal, else writes one line when it begins. */
export class ElapsedTime implements Disposable {
  readonly #out: NodeJS.WriteStream
  readonly #timer: NodeJS.Timeout | undefined

  constructor(title: string, out: NodeJS.WriteStream = process.stderr) {
    this.#out = out
    if (!out.isTTY) {
      out.write(`${title}\n`)
      return
    }
    const start = performance.now()
    const show = (): void => {
      out.write(`${ERASE_LINE}${title} (${Math.floor((performance.now() - start) / 1000)} s)`)
    }
    show()
    this.#timer = setInterval(show, ELAPSED_INTERVAL_MS)
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer)
    if (this.#out.isTTY) this.#out.write(ERASE_LINE)
  }
}
