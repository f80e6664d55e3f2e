import type { Generation } from './generations.ts'
import type { TurnQueue } from './turn-queue.ts'

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
