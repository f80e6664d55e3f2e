import { ERASE_LINE } from './text.ts'

const INTERVAL_MS = 1000

/**
 * Counts the seconds of a work that does not tell how far it is, on a terminal. Elsewhere one line says that
 * it has begun.
 */
export class Waiting implements Disposable {
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
    this.#timer = setInterval(show, INTERVAL_MS)
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer)
    if (this.#out.isTTY) this.#out.write(ERASE_LINE)
  }
}
