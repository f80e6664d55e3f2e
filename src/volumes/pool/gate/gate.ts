import { setImmediate, setTimeout as pause } from 'node:timers/promises'
import { longCallTurns, TurnQueue, type CallKind, type TurnOptions } from './turn-queue.ts'
import { scopes, type Scope } from './turn.ts'
import { Callers, notAnswering, PoolUnreachableError, stopping } from './unreachable.ts'
import { Generations, Watchdog, type Generation, type WatchdogLimits } from './watchdog.ts'

/** How often `end` looks whether the calls have returned. */
const IDLE_POLL_MS = 20

export interface GateOptions extends WatchdogLimits {
  readonly pool: string
  /** The directory of the pool, for error messages. */
  readonly path: string
  /** Calls that may be in the kernel at once. */
  readonly width?: number
  /**
   * Calls that may be in the kernel at once, including those stuck in a file system that has been unmounted.
   */
  readonly budget?: number
  /** Settles as soon as the pool's file system answers, even with an error. */
  readonly probe?: () => Promise<unknown>
  /** Identifies the file system at the pool's path, which it must not access. */
  readonly fileSystemId?: () => Promise<unknown>
}

/**
 * All system calls that touch one pool's file system pass its gate.
 *
 * A call to a file system that does not answer blocks a thread in the kernel, where nothing can end it. The
 * gate bounds how many of them one pool can take. When a call takes long, the file system is probed; when the
 * probe does not return either, the pool does not answer: waiting callers get an error and new calls are
 * refused until the probe and all calls have returned.
 */
export class Gate {
  readonly #pool: string
  readonly #path: string
  readonly #width: number
  readonly #budget: number
  readonly #probe: () => Promise<unknown>
  readonly #fileSystemId: () => Promise<unknown>
  readonly #watchdog: Watchdog
  /** What is done when the pool stops answering, and when it answers again. */
  readonly #listeners: {
    readonly lost: (error: PoolUnreachableError) => void
    readonly found: () => void
  }[] = []
  /** The scope of a call that has its turn. */
  readonly #inTurn: Scope = { gate: this, hasTurn: true, isUrgent: false }
  readonly #callers = new Callers()
  readonly #owed: (() => Promise<unknown>)[] = []
  readonly #queue = new TurnQueue()
  readonly #generations = new Generations()
  #problem: PoolUnreachableError | undefined
  /** Set when the pool is closed for good. */
  #ended: PoolUnreachableError | undefined

  constructor({ pool, path, width = 16, budget = 2 * width, ...options }: GateOptions) {
    this.#pool = pool
    this.#path = path
    this.#width = width
    this.#budget = budget
    this.#probe = options.probe ?? (() => Promise.resolve())
    this.#fileSystemId = options.fileSystemId ?? (() => Promise.resolve(undefined))
    const watched = {
      queue: this.#queue,
      generation: () => this.#generations.current,
      isRefusing: () => this.#problem !== undefined,
      probe: (generation: Generation) => void this.#probeMount(generation),
      lose: this.#lose,
    }
    this.#watchdog = new Watchdog(watched, options)
  }

  /** Why calls are refused now. */
  get problem(): PoolUnreachableError | undefined {
    return this.#problem
  }

  /** Calls in the kernel, including stuck ones. */
  get underWay(): number {
    const { current, callsOfEarlier } = this.#generations
    return callsOfEarlier + current.calls.size + (current.isProbing ? 1 : 0)
  }

  /**
   * `lost` is called when the pool stops answering, `found` when it answers again and all earlier calls have
   * returned.
   */
  watch(lost: (error: PoolUnreachableError) => void, found: () => void): void {
    this.#listeners.push({ lost, found })
  }

  /**
   * One system call, or a few that follow each other, when it is its turn.
   * @param undo is called with the result of a call that returns when its caller has been refused already
   * @throws PoolUnreachableError PoolNotAnswering, also while the call is still under way; the signal's
   * reason
   */
  async run<T>(
    call: () => Promise<T>,
    undo?: (result: T) => PromiseLike<unknown> | undefined,
    { signal, kind = 'other' }: TurnOptions = {},
  ): Promise<T> {
    signal?.throwIfAborted()
    const scope = scopes.getStore()
    if (scope?.gate === this && scope.hasTurn) return await call()
    this.#requireAnswering()
    const isUrgent = kind === 'freeze' || scope?.isUrgent === true
    return await this.#callers.orRefused(async (caller) => {
      const ended = this.#hasTurn(kind)
        ? this.#begin('calls', kind)
        : await this.#queue.turn({ kind, isUrgent, signal }, () => this.#begin('calls', kind))
      try {
        // Refused since its turn came: nobody would thaw what this freezes.
        caller.throwIfRefused()
        const result = await scopes.run(this.#inTurn, call)
        if (caller.isRefused) await scopes.run(this.#inTurn, () => undo?.(result))
        return result
      } finally {
        ended()
      }
    })
  }

  /**
   * Work of any length: it has no turn itself, but each of its calls that goes through `turn`.
   * @param isUrgent whether its calls go before waiting ones: for the check whether the pool is reachable
   */
  async within<T>(work: () => Promise<T>, { isUrgent } = { isUrgent: false }): Promise<T> {
    const scope = scopes.getStore()
    if (scope?.gate === this && (scope.hasTurn || scope.isUrgent || !isUrgent)) return await work()
    this.#requireAnswering()
    return await this.#callers.orRefused(() => this.#counted(work, { gate: this, hasTurn: false, isUrgent }))
  }

  /**
   * Until this is disposed of, the pool does not answer when no call has returned for `openingStallMs`,
   * although no other call waits and the probe is answered: nothing else would notice that the opening hangs.
   */
  limitStalls(): Disposable {
    return this.#watchdog.limitStalls()
  }

  /** Work that has no turn, and ends within `openingStallMs` unless the pool does not answer. */
  async limited<T>(work: () => Promise<T>): Promise<T> {
    this.#requireAnswering()
    const timer = setTimeout(() => {
      if (!this.#problem) this.#lose()
    }, this.#watchdog.openingStallMs)
    try {
      return await this.#callers.orRefused(() => this.#counted(work, undefined))
    } finally {
      clearTimeout(timer)
    }
  }

  /**
   * Work that waits for no turn and is never refused, such as a thaw: the pool is in use until it has ended.
   */
  async note<T>(work: () => Promise<T>): Promise<T> {
    return await this.#counted(work, undefined)
  }

  /** Refuses all waiting callers and new calls, because the driver stops; until the pool is idle. */
  giveUp(): void {
    if (!this.#problem) this.#refuse(stopping(this.#pool))
  }

  /** Whether nothing of the pool is in the kernel or under way. */
  get isIdle(): boolean {
    return this.#generations.current.isIdle
  }

  /**
   * Closes the pool for good: waits until nothing of it is under way, refuses all calls from then on, and
   * does `close`, whose own calls pass.
   * @throws PoolUnreachableError when the pool does not answer, or is given up meanwhile
   */
  async end(close: () => Promise<void>): Promise<void> {
    while (!(await this.#staysIdle())) await pause(IDLE_POLL_MS)
    this.#ended = stopping(this.#pool)
    await scopes.run(this.#inTurn, close)
  }

  /** Releases something, such as a descriptor: while the pool does not answer, later. */
  async release(close: () => Promise<unknown>): Promise<void> {
    const begun = new Set<unknown>()
    try {
      await this.run(() => {
        begun.add(close)
        return close()
      })
    } catch (error) {
      if (!(error instanceof PoolUnreachableError)) throw error
      if (!begun.has(close)) this.#owed.push(close)
    }
  }

  /**
   * Call this periodically while the pool does not answer, and before it is opened: if another file system is
   * mounted in place of the hanging one, calls are allowed again; they are refused when the hanging one is
   * mounted again.
   */
  async lookForAnotherMount(): Promise<void> {
    const generations = this.#generations
    const { current, haveEarlier } = generations
    if (!this.#problem && !haveEarlier) return
    const id = await this.#fileSystemId()
    if (this.#problem) current.fileSystemId ??= id
    if (current !== generations.current || id === current.fileSystemId) return
    const isEarlier = generations.resume(id)
    if (isEarlier && !this.#problem) this.#lose()
    if (isEarlier || !this.#problem) return
    if (generations.callsOfEarlier + current.calls.size + 2 > this.#budget) return
    generations.begin()
    this.#answersAgain()
    generations.current.fileSystemId = id
  }

  /** Work of several parts, such as removals one after the other, is idle for a moment between two. */
  async #staysIdle(): Promise<boolean> {
    if (this.#problem) throw this.#problem
    if (!this.isIdle) return false
    await setImmediate()
    return this.isIdle
  }

  #requireAnswering(): void {
    const refusal = this.#problem ?? this.#ended
    if (refusal) throw refusal
  }

  #hasTurn(kind: CallKind): boolean {
    const { calls, longCalls } = this.#generations.current
    const turns = Math.min(this.#width, Math.max(2, this.#budget - this.#generations.callsOfEarlier))
    if (calls.size >= turns) return false
    return kind === 'other' || longCalls < longCallTurns(kind, turns)
  }

  async #counted<T>(work: () => Promise<T>, scope: Scope | undefined): Promise<T> {
    const ended = this.#begin('works')
    try {
      return await scopes.run(scope, work)
    } finally {
      ended()
    }
  }

  /** @returns must be called at the end */
  #begin(counted: 'calls' | 'works', kind: CallKind = 'other'): () => void {
    const generation = this.#generations.current
    const entry = { since: performance.now(), kind }
    generation[counted].add(entry)
    if (counted === 'calls') this.#watchdog.start()
    return () => {
      generation[counted].delete(entry)
      generation.lastReturn = performance.now()
      this.#returned()
    }
  }

  #returned(): void {
    this.#generations.forgetIdle()
    if (!this.#problem) this.#queue.admit((kind) => this.#hasTurn(kind))
    else if (this.isIdle) this.#answersAgain()
  }

  async #probeMount(generation: Generation): Promise<void> {
    await generation.probe(async () => {
      // Read the mount first: the probe then tests that mount or a newer one.
      generation.fileSystemId = await this.#fileSystemId()
      await this.#probe()
    })
    this.#returned()
  }

  readonly #lose = (): void => {
    const problem = notAnswering(this.#pool, this.#path)
    this.#refuse(problem)
    for (const { lost } of this.#listeners) lost(problem)
  }

  #refuse(problem: PoolUnreachableError): void {
    this.#problem = problem
    this.#queue.clear()
    this.#callers.refuse(problem)
  }

  #answersAgain(): void {
    this.#problem = undefined
    const { current } = this.#generations
    current.fileSystemId = undefined
    current.lastReturn = performance.now()
    // Not in the context of the call that happened to return last.
    scopes.run(undefined, () => {
      for (const close of this.#owed.splice(0)) void this.release(close).catch(() => undefined)
      for (const { found } of this.#listeners) found()
    })
  }
}
