import { never } from '../../volumes/concurrency/deadlines.ts'
import { KeyedLock } from '../../volumes/concurrency/keyed-lock.ts'

/** Concurrent queries in one group after its first has returned, and concurrent groups. */
const AT_ONCE = 8
const GROUPS_AT_ONCE = 4

/** A query takes a fraction of a millisecond. */
const ANSWER_LIMIT_MS = 3000

/**
 * Runs queries that may never return. If one query of a group hangs, the others would too: LOOP_GET_STATUS64
 * waits for the file system of the backing file (vfs_getattr in the kernel's loop_get_status). A query that
 * does not return holds a thread, so a group's first query runs alone, then a few run concurrently, and none
 * starts while one hangs. All callers share these limits.
 */
export class BoundedQueries<Key> {
  readonly #limitMs: number
  /** Serializes callers of one group. */
  readonly #turns = new KeyedLock()
  /** Queries that have not returned in time, by group. */
  readonly #stuck = new Map<string, Set<Promise<void>>>()

  constructor(limitMs = ANSWER_LIMIT_MS) {
    this.#limitMs = limitMs
  }

  /**
   * @returns the keys whose queries did not return in time, and those of their group that were therefore not
   * queried
   * @throws what a query throws
   */
  async run(
    keys: readonly Key[],
    groupOf: (key: Key) => string,
    query: (key: Key) => Promise<void>,
  ): Promise<Key[]> {
    const unanswered: Key[] = []
    for (const groups of piecesOf([...Map.groupBy(keys, groupOf)], GROUPS_AT_ONCE)) {
      const asking = groups.map(([group, members]) => this.#group(group, members, query))
      unanswered.push(...(await Promise.all(asking)).flat())
    }
    return unanswered
  }

  async #group(group: string, members: readonly Key[], query: (key: Key) => Promise<void>): Promise<Key[]> {
    const unanswered: Key[] = []
    for (const some of [members.slice(0, 1), ...piecesOf(members.slice(1), AT_ONCE)]) {
      // Never aborted: a batch ends within `limitMs`.
      using _turn = await this.#turns.acquire(group, never)
      if (this.#stuck.has(group)) unanswered.push(...some)
      else {
        const answered = await Promise.all(some.map((key) => this.#isAnswered(group, query(key))))
        unanswered.push(...some.filter((_, index) => answered[index] === false))
      }
    }
    return unanswered
  }

  async #isAnswered(group: string, query: Promise<void>): Promise<boolean> {
    const late = Promise.withResolvers<boolean>()
    const timer = setTimeout(late.resolve, this.#limitMs, false)
    try {
      const answered = await Promise.race([query.then(() => true), late.promise])
      if (!answered) this.#trackStuck(group, query)
      return answered
    } finally {
      clearTimeout(timer)
    }
  }

  #trackStuck(group: string, query: Promise<void>): void {
    const stuck = this.#stuck.get(group) ?? new Set()
    this.#stuck.set(group, stuck.add(query))
    const returned = (): void => {
      stuck.delete(query)
      if (stuck.size === 0) this.#stuck.delete(group)
    }
    query.then(returned, returned)
  }
}

function* piecesOf<T>(items: readonly T[], size: number): Generator<T[]> {
  for (let begin = 0; begin < items.length; begin += size) yield items.slice(begin, begin + size)
}
