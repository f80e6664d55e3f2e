/** Since when things have been seen, without a pause. Kept in memory only: a new process begins anew. */
export class Sightings {
  #since: ReadonlyMap<string, number> = new Map()

  /**
   * @param seen what is there now
   * @param isHidden whether it cannot be found out now if this is still there; then it is taken to be
   * @param now in milliseconds, of a clock that never goes back
   */
  update(seen: Iterable<string>, isHidden: (key: string) => boolean, now: number): void {
    const hidden = [...this.#since.keys()].filter(isHidden)
    this.#since = new Map([...hidden, ...seen].map((key) => [key, this.#since.get(key) ?? now]))
  }

  /** What has been there for so many milliseconds. */
  lasting(milliseconds: number, now: number): string[] {
    return [...this.#since].flatMap(([key, since]) => (now - since >= milliseconds ? key : []))
  }
}
