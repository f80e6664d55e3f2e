import { AsyncLocalStorage } from 'node:async_hooks'

/** `flush`: syncfs(2). `freeze`: FIFREEZE. */
export type CallKind = 'flush' | 'freeze' | 'other'

/** How a call gets its turn. */
export interface TurnOptions {
  /** Ends the wait for a turn, but not a call that has begun. */
  readonly signal?: AbortSignal | undefined
  /** The default is `other`. */
  readonly kind?: CallKind
}

/** A call that is added to the queue. */
export interface NewCall {
  readonly kind: CallKind
  /** Whether it goes before those that are not. */
  readonly isUrgent: boolean
  readonly signal: AbortSignal | undefined
  readonly begin: () => void
  /** Called with the signal's reason. */
  readonly reject: (reason: unknown) => void
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

  add({ kind, isUrgent, signal, begin, reject }: NewCall): void {
    const onAbort = (): void => {
      this.#calls = this.#calls.filter((other) => other !== call)
      reject(signal?.reason)
    }
    const call: WaitingCall = {
      since: performance.now(),
      kind,
      isUrgent,
      // Another call starts it when it ends, and it must not run in that call's context.
      begin: AsyncLocalStorage.bind(begin),
      leave: () => signal?.removeEventListener('abort', onAbort),
    }
    signal?.addEventListener('abort', onAbort, { once: true })
    const behind = isUrgent ? this.#calls.findLastIndex((other) => other.isUrgent) + 1 : this.#calls.length
    this.#calls.splice(behind, 0, call)
  }

  /** Begins the calls that have a turn, in their order. */
  admit(hasTurn: (kind: CallKind) => boolean): void {
    for (;;) {
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
