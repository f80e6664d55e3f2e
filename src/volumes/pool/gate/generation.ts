/** `flush`: syncfs(2). `freeze`: FIFREEZE. */
export type CallKind = 'flush' | 'freeze' | 'other'

/** The calls to one mounted file system, and the probe that tests whether it answers. */
export class Generation {
  /** In the order in which they began. */
  readonly calls = new Set<{ readonly since: number; readonly kind: CallKind }>()
  readonly works = new Set<{ readonly since: number }>()
  lastReturn = performance.now()
  isAbandoned = false
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

  /** Whether calls are under way, and none has begun first or returned for so long. */
  isStuck(now: number, stallMs: number): boolean {
    const [oldest] = this.calls
    return !!oldest && now - Math.max(oldest.since, this.lastReturn) > stallMs
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
