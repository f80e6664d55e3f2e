type Start = (failure?: Error) => void

/**
 * Limits how much work runs at once; the rest waits for its turn, in its order. A failure that is final ends
 * what waits as well.
 */
export class Turns {
  readonly #isFinal: (error: unknown) => boolean
  #running = 0
  #waiting: Start[] = []

  /** @param isFinal whether an error ends what waits */
  constructor(isFinal: (error: unknown) => boolean) {
    this.#isFinal = isFinal
  }

  /**
   * @param limit of what runs at once
   * @throws the error of the work, and the final error of work before it
   */
  async run<T>(limit: number, work: () => Promise<T>): Promise<T> {
    // Work that waits gets its place from the one that ends.
    if (this.#running < limit) this.#running++
    else await this.#turn()
    try {
      return await work()
    } catch (error) {
      if (this.#isFinal(error)) this.#endWaiting(error as Error)
      throw error
    } finally {
      const next = this.#waiting.shift()
      if (next) next()
      else this.#running--
    }
  }

  #turn(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#waiting.push((failure) => {
        if (failure) reject(failure)
        else resolve()
      })
    })
  }

  #endWaiting(failure: Error): void {
    const waiting = this.#waiting
    this.#waiting = []
    for (const start of waiting) start(failure)
  }
}
