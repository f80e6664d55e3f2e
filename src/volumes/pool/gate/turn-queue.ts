/** `flush`: syncfs(2). `freeze`: FIFREEZE. */
export type CallKind = 'flush' | 'freeze' | 'other'

/** How a call gets its turn. */
export interface TurnOptions {
  /** Ends the wait for a turn, but not a call that has begun. */
  readonly signal?: AbortSignal | undefined
  /** The default is `other`. */
  readonly kind?: CallKind
}

/** A call that waits for its turn. */
export interface NewCall {
  readonly kind: CallKind
  /** Whether it goes before those that are not. */
  readonly isUrgent: boolean
  readonly signal: AbortSignal | undefined
}

interface WaitingCall {
  readonly since: number
  readonly kind: CallKind
  readonly isUrgent: boolean
  readonly begin: () => void
  /** Stops listening to the signal. */
  readonly leave: () => void
}

/** The calls that wait for their turn at a gate. */
export class TurnQueue {
  #calls: WaitingCall[] = []

  /**
   * Waits for the turn of a call. The promise never settles when `clear` drops the call.
   * @param take is called as soon as it is the call's turn, and its result is returned
   * @throws the signal's reason
   */
  turn<T>({ kind, isUrgent, signal }: NewCall, take: () => T): Promise<T> {
    return new Promise((resolve, reject) => {
      const onAbort = (): void => {
        this.#calls = this.#calls.filter((other) => other !== call)
        reject(signal?.reason as Error)
      }
      const call: WaitingCall = {
        since: performance.now(),
        kind,
        isUrgent,
        begin: () => {
          resolve(take())
        },
        leave: () => signal?.removeEventListener('abort', onAbort),
      }
      signal?.addEventListener('abort', onAbort, { once: true })
      const behind = isUrgent ? this.#calls.findLastIndex((other) => other.isUrgent) + 1 : this.#calls.length
      this.#calls.splice(behind, 0, call)
    })
  }

  /** Begins the calls that have a turn, in their order. */
  admit(hasTurn: (kind: CallKind) => boolean): void {
    // A short call needs least: while it has no turn, none has.
    while (this.#calls.length > 0 && hasTurn('other')) {
      const index = this.#calls.findIndex(({ kind }) => hasTurn(kind))
      if (index < 0) return
      for (const { begin, leave } of this.#calls.splice(index, 1)) {
        leave()
        begin()
      }
    }
  }

  /** Drops all calls, whose callers are refused. */
  clear(): void {
    for (const { leave } of this.#calls) leave()
    this.#calls = []
  }

  /** Whether a short call has waited for so long: flushes and freezes also wait when turns are free. */
  hasWaited(now: number, limitMs: number): boolean {
    return this.#calls.some(({ kind, since }) => kind === 'other' && now - since > limitMs)
  }
}

/**
 * The turns that flushes and freezes together can take, when another of the kind begins. They can take
 * minutes, so some turns are left for short calls, and more for freezes than for flushes, because writers
 * wait for a freeze.
 */
const FLUSH_SHARE = 1 / 2
const FREEZE_SHARE = 3 / 4

type LongCallKind = Exclude<CallKind, 'other'>

/** @param turns of the pool */
export function longCallTurns(kind: LongCallKind, turns: number): number {
  const flushTurns = Math.max(1, Math.floor(turns * FLUSH_SHARE))
  if (kind === 'flush') return flushTurns
  const freezeTurns = Math.max(flushTurns + 1, Math.floor(turns * FREEZE_SHARE))
  return Math.max(1, Math.min(freezeTurns, turns - 1))
}
