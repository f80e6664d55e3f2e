import { formatBytes } from '../../volumes/model/bytes.ts'
import type { CopyProgress } from '../../volumes/model/ports.ts'
import { ERASE_LINE } from './text.ts'

const BAR_CELLS = 30

/** A terminal is told as often as anybody can follow, a file now and then. */
const TERMINAL_INTERVAL_MS = 100
const LINE_INTERVAL_MS = 10_000

/**
 * Shows how far a long work is: as a bar on a terminal, else as lines. Standard error is where it belongs:
 * data may go to the other.
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

/** `export [###...] 42% 1.2 GiB of 2.9 GiB`; the bar is for terminals. */
export function progressLine(title: string, done: bigint, total: bigint, hasBar: boolean): string {
  const share = total === 0n ? 1 : Math.min(1, Number(done) / Number(total))
  const filled = Math.floor(share * BAR_CELLS)
  const bar = hasBar ? ` [${'#'.repeat(filled)}${'.'.repeat(BAR_CELLS - filled)}]` : ''
  return `${title}${bar} ${Math.floor(share * 100)}% ${formatBytes(done)} of ${formatBytes(total)}`
}
