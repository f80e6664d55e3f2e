import type { CallKind } from './turn-queue.ts'

/** The calls to one mounted file system, and the probe that tests whether it answers. */
export class Generation {
  /** In the order in which they began. */
  readonly calls = new Set<{ readonly since: number; readonly kind: CallKind }>()
  readonly works = new Set<{ readonly since: number }>()
  /** What was mounted when it was last looked. */
  fileSystemId: unknown
  lastReturn = performance.now()
  #isProbing = false
  #probedAt = -Infinity

  /** How many of the calls are flushes and freezes. */
  get longCalls(): number {
    let count = 0
    for (const { kind } of this.calls) if (kind !== 'other') count++
    return count
  }

  get isProbing(): boolean {
    return this.#isProbing
  }

  get isIdle(): boolean {
    return this.calls.size === 0 && this.works.size === 0 && !this.#isProbing
  }

  /** Whether a call has taken so long since it began, and since the last probe, that a probe has to begin. */
  isDue(now: number, patienceMs: number): boolean {
    const [oldest] = this.calls
    return !this.#isProbing && !!oldest && now - Math.max(oldest.since, this.#probedAt) > patienceMs
  }

  /** Since when calls are under way and none has returned. */
  get stuckSince(): number {
    const [oldest] = this.calls
    return oldest ? Math.max(oldest.since, this.lastReturn) : Infinity
  }

  /** Whether the probe under way has taken longer than an answer may take. */
  isSilent(now: number, patienceMs: number): boolean {
    return this.#isProbing && now - this.#probedAt > patienceMs
  }

  /** An error is an answer too. */
  async probe(ask: () => Promise<void>): Promise<void> {
    this.#probedAt = performance.now()
    this.#isProbing = true
    await ask().catch(() => undefined)
    this.#isProbing = false
  }
}

/** The generation of the file system that is mounted now, and those of hanging ones that were before. */
export class Generations {
  #current = new Generation()
  /** Those of which something is under way. */
  readonly #earlier = new Set<Generation>()

  get current(): Generation {
    return this.#current
  }

  get haveEarlier(): boolean {
    return this.#earlier.size > 0
  }

  /** How many calls of earlier generations have not returned. */
  get callsOfEarlier(): number {
    let count = 0
    for (const { calls } of this.#earlier) count += calls.size
    return count
  }

  /** Call this when another file system has been mounted. */
  begin(next = new Generation()): void {
    if (!this.#current.isIdle) this.#earlier.add(this.#current)
    this.#current = next
  }

  /** Call this when a file system may have been mounted again. @returns whether it is an earlier one */
  resume(fileSystemId: unknown): boolean {
    const resumed = [...this.#earlier].find((earlier) => earlier.fileSystemId === fileSystemId)
    if (!resumed) return false
    this.#earlier.delete(resumed)
    this.begin(resumed)
    return true
  }

  forgetIdle(): void {
    for (const earlier of this.#earlier) if (earlier.isIdle) this.#earlier.delete(earlier)
  }
}
