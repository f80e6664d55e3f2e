/** A set of limited size: adding one more drops the oldest. */
export class Newest<T> {
  readonly #limit: number
  readonly #drop: (oldest: T) => void
  readonly #items = new Set<T>()

  constructor(limit: number, drop: (oldest: T) => void) {
    this.#limit = limit
    this.#drop = drop
  }

  add(item: T): void {
    this.#items.add(item)
    for (const oldest of this.#items) {
      if (this.#items.size <= this.#limit) return
      this.#items.delete(oldest)
      this.#drop(oldest)
    }
  }

  delete(item: T): void {
    this.#items.delete(item)
  }
}
