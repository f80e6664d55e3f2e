/**
 * Threads of all copies at once. Each takes 20 MiB, which as many copies as a backup begins would not leave
 * to anything else.
 */
const MOST_THREADS = 4

let taken = 0

/** The right of one copy to a thread of its own, if there is one to be had, until the disposal. */
export class ThreadShare implements Disposable {
  #isTaken = false

  /** @returns false when other copies have all threads */
  take(): boolean {
    if (this.#isTaken) return true
    if (taken >= MOST_THREADS) return false
    taken++
    this.#isTaken = true
    return true
  }

  [Symbol.dispose](): void {
    if (this.#isTaken) taken--
    this.#isTaken = false
  }
}
