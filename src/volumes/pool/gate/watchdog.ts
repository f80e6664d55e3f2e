import type { CallKind, TurnQueue } from './turn-queue.ts'

export interface WatchdogLimits {
  /** How long a call may take before the file system is probed, and how long that may take. */
  readonly patienceMs?: number
  /**
   * How long no call may end while others wait, although the probe is answered. It must exceed the longest
   * fsync(2) of an image whose pages are all dirty on a slow disk.
   */
  readonly stallMs?: number
  /**
   * The same while the pool is being opened, when calls do not wait for others. A call that takes longer on a
   * disk that works delays the opening: it is repeated when the call has returned.
   */
  readonly openingStallMs?: number
}

/** The gate that a watchdog watches. */
export interface WatchedGate {
  readonly queue: TurnQueue
  generation(): Generation
  /** Whether the pool is known not to answer, or given up. */
  isRefusing(): boolean
  probe(generation: Generation): void
  /** Called when the pool does not answer. */
  lose(): void
}

/** Watches the calls of a gate while there are any, and finds when the pool's file system does not answer. */
export class Watchdog {
  readonly #gate: WatchedGate
  readonly #patienceMs: number
  readonly #stallMs: number
  readonly openingStallMs: number
  /** How many openings and sweeps of the pool are under way. */
  #openings = 0
  /** When the first of them began. */
  #limitedSince = 0
  #timer: NodeJS.Timeout | undefined

  constructor(gate: WatchedGate, limits: WatchdogLimits) {
    this.#gate = gate
    this.#patienceMs = limits.patienceMs ?? 3000
    this.#stallMs = limits.stallMs ?? 120_000
    this.openingStallMs = limits.openingStallMs ?? 30_000
  }

  /** Call this when a call begins. It ends by itself when none is under way. */
  start(): void {
    this.#timer ??= setInterval(() => {
      this.#look()
    }, this.#patienceMs / 4).unref()
  }

  /** Until this is disposed of, `openingStallMs` holds. */
  limitStalls(): Disposable {
    if (this.#openings++ === 0) this.#limitedSince = performance.now()
    return {
      [Symbol.dispose]: () => {
        this.#openings--
      },
    }
  }

  #look(): void {
    const now = performance.now()
    const generation = this.#gate.generation()
    if (generation.calls.size === 0 && !generation.isProbing) {
      clearInterval(this.#timer)
      this.#timer = undefined
      return
    }
    if (this.#gate.isRefusing()) return
    if (generation.isDue(now, this.#patienceMs)) this.#gate.probe(generation)
    const hasWaited = this.#gate.queue.hasWaited(now, this.#stallMs)
    const isStalled = hasWaited && now - generation.lastReturn > this.#stallMs
    const stuckSince = Math.max(generation.stuckSince, this.#limitedSince)
    const isOpeningStalled = this.#openings > 0 && now - stuckSince > this.openingStallMs
    if (isStalled || isOpeningStalled || generation.isSilent(now, this.#patienceMs)) this.#gate.lose()
  }
}

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
