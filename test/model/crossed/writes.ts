import type { Target } from './records.ts'
import type { Scribe } from './scribe.ts'

/**
 * What a copy may have: all that was acknowledged before it was begun, and nothing that was begun after its
 * end.
 */
export interface Bounds {
  readonly low: number
  high: number
  /** The copy may be deleted: the same call again makes a new one, with what is written until that ends. */
  canBeMadeAgain?: boolean
}

/** The records that are written to the sources, and which of them must be where. */
export class Writes {
  readonly #scribe: Scribe
  readonly #targets: readonly Target[]
  #acknowledged = 0
  #attempted = 0
  #last: Promise<void> = Promise.resolve()

  constructor(scribe: Scribe, targets: readonly Target[]) {
    this.#scribe = scribe
    this.#targets = targets
  }

  async prepare(): Promise<void> {
    await this.#scribe.prepare(this.#targets)
  }

  /** Each record goes to all sources, and is begun when the one before it is flushed. */
  write(records: number): Promise<void> {
    const work = async (): Promise<void> => {
      const first = this.#acknowledged + 1
      this.#attempted = Math.max(this.#attempted, this.#acknowledged + records)
      await this.#scribe.write(this.#targets, first, records, (number) => (this.#acknowledged = number))
    }
    const written = this.#last.then(work)
    this.#last = written.catch(() => undefined)
    return written
  }

  /** Of the sources themselves. */
  get now(): Bounds {
    return { low: this.#acknowledged, high: this.#attempted }
  }

  /** Of a copy that is begun now. */
  begin(): Bounds {
    return { low: this.#acknowledged, high: Infinity }
  }

  /** A copy that there is now has nothing that is written from now on. */
  end(bounds: Bounds): void {
    if (bounds.canBeMadeAgain) return
    bounds.high = Math.min(bounds.high, this.#attempted)
  }

  /** @throws when so many records are not within the bounds */
  require(what: string, count: number, { low, high }: Bounds): void {
    const most = Math.min(high, this.#attempted)
    if (count < low || count > most) throw new Error(`${what} has ${count} records, not ${low} to ${most}`)
  }
}
