/** Objects by id, which can be listed in the order of their ids without sorting them at each request. */
export class Listed<T extends { readonly id: string }> {
  readonly #objects = new Map<string, T>()
  #sorted: string[] | undefined

  get size(): number {
    return this.#objects.size
  }

  get(id: string): T | undefined {
    return this.#objects.get(id)
  }

  /** Adds an object, or replaces the one with its id. */
  set(object: T): void {
    const { id } = object
    if (!this.#objects.has(id)) this.#sorted?.splice(placeOf(id, this.#sorted), 0, id)
    this.#objects.set(id, object)
  }

  delete(id: string): void {
    if (this.#objects.delete(id)) this.#sorted?.splice(placeOf(id, this.#sorted), 1)
  }

  values(): Iterable<T> {
    return this.#objects.values()
  }

  /** @returns at most `limit` objects with ids after `after` */
  list(after: string, limit: number): T[] {
    this.#sorted ??= [...this.#objects.keys()].sort()
    const begin = placeOf(after, this.#sorted)
    const start = this.#sorted[begin] === after ? begin + 1 : begin
    return this.#sorted.slice(start, start + limit).flatMap((id) => this.#objects.get(id) ?? [])
  }
}

/** The index of the first id that is not before this one. */
function placeOf(id: string, sorted: readonly string[]): number {
  let [low, high] = [0, sorted.length]
  while (low < high) {
    const middle = (low + high) >> 1
    if ((sorted[middle] ?? '') < id) low = middle + 1
    else high = middle
  }
  return low
}
