import { KeyedLock } from '../../volumes/concurrency/keyed-lock.ts'

/** How many of a group are looked at at once when the first one has answered, and of how many groups. */
const AT_ONCE = 8
const GROUPS_AT_ONCE = 4

/** A look takes a fraction of a millisecond. */
const PATIENCE_MS = 3000

/**
 * Looks at things of which some may never answer, in groups that hang together: to ask for a loop device's
 * state is to ask the file system of its file (vfs_getattr in the kernel's loop_get_status). A look that does
 * not return holds a thread, so all who look at a group together have one look under way, or a few while it
 * answers, and none is begun while one has not returned.
 */
export class Looks<Key> {
  readonly #patienceMs: number
  /** Of groups. */
  readonly #turns = new KeyedLock()
  /** Looks that have not returned in time, by group. */
  readonly #stuck = new Map<string, Set<Promise<void>>>()

  constructor(patienceMs = PATIENCE_MS) {
    this.#patienceMs = patienceMs
  }

  /**
   * @returns those that did not answer, and those of their group that were therefore not asked
   * @throws what a look throws
   */
  async all(
    keys: readonly Key[],
    groupOf: (key: Key) => string,
    look: (key: Key) => Promise<void>,
  ): Promise<Key[]> {
    const silent: Key[] = []
    for (const groups of piecesOf([...Map.groupBy(keys, groupOf)], GROUPS_AT_ONCE)) {
      const looking = groups.map(([group, members]) => this.#group(group, members, look))
      silent.push(...(await Promise.all(looking)).flat())
    }
    return silent
  }

  async #group(group: string, members: readonly Key[], look: (key: Key) => Promise<void>): Promise<Key[]> {
    const silent: Key[] = []
    for (const some of [members.slice(0, 1), ...piecesOf(members.slice(1), AT_ONCE)]) {
      using _turn = await this.#turns.acquire(group, uninterrupted)
      if (this.#stuck.has(group)) silent.push(...some)
      else {
        const answered = await Promise.all(some.map((key) => this.#isAnswered(group, look(key))))
        silent.push(...some.filter((_, index) => answered[index] === false))
      }
    }
    return silent
  }

  async #isAnswered(group: string, looking: Promise<void>): Promise<boolean> {
    const late = Promise.withResolvers<boolean>()
    const timer = setTimeout(late.resolve, this.#patienceMs, false)
    try {
      const answered = await Promise.race([looking.then(() => true), late.promise])
      if (!answered) this.#wait(group, looking)
      return answered
    } finally {
      clearTimeout(timer)
    }
  }

  #wait(group: string, looking: Promise<void>): void {
    const stuck = this.#stuck.get(group) ?? new Set()
    this.#stuck.set(group, stuck.add(looking))
    const returned = (): void => {
      stuck.delete(looking)
      if (stuck.size === 0) this.#stuck.delete(group)
    }
    looking.then(returned, returned)
  }
}

/** A turn takes no longer than the patience. */
const uninterrupted = new AbortController().signal

function* piecesOf<T>(items: readonly T[], size: number): Generator<T[]> {
  for (let begin = 0; begin < items.length; begin += size) yield items.slice(begin, begin + size)
}
