/** What a disk does with requests of one kind. */
export interface Fault {
  /** Of the answer, such as 5 (EIO); without it the request is done. */
  readonly errno?: number
  /** How long the answer takes. */
  readonly delayMs?: number
  /** Whether the answer waits until the disk behaves otherwise. */
  readonly hangs?: boolean
  /** How many requests of the kind are done as usual before it. The default is 0. */
  readonly after?: number
  /** How many requests have it; the others are done as usual. All of them by default. */
  readonly count?: number
}

export type RequestKind = 'read' | 'write' | 'flush' | 'discard'

/** How a disk behaves; a kind that is not named behaves well. */
export type Behaviour = Readonly<Partial<Record<RequestKind, Fault>>>

/** Says for each request what happens to it. */
export class Faults {
  #behaviour: Behaviour = {}
  #seen: Partial<Record<RequestKind, number>> = {}

  /** Counts anew. */
  become(behaviour: Behaviour): void {
    this.#behaviour = behaviour
    this.#seen = {}
  }

  /** @returns the fault of the next request of the kind */
  next(kind: RequestKind): Fault | undefined {
    const index = this.#seen[kind] ?? 0
    this.#seen[kind] = index + 1
    const fault = this.#behaviour[kind]
    if (!fault) return undefined
    const { after = 0, count = Infinity } = fault
    return index >= after && index < after + count ? fault : undefined
  }

  /** How many requests of each kind there were since it was told how to behave. */
  get seen(): Readonly<Partial<Record<RequestKind, number>>> {
    return this.#seen
  }
}
