import type { World } from '../world.ts'

/** A call that is made to fail. */
export interface Play {
  readonly run: () => Promise<unknown>
  /** Takes it back, for the next time. */
  readonly undo: () => Promise<unknown>
  /** Half of it may be done when it fails, because it only goes on, and never back. */
  readonly isStepwise?: boolean
  /**
   * What of the state a call that fails may leave as it is after one that succeeds, with all the rest as
   * before.
   */
  readonly kept?: RegExp
  /**
   * What of the state a driver that was killed may leave, although it is so neither before the call nor after
   * it.
   */
  readonly midway?: RegExp
  /**
   * What may stay when it succeeds in spite of a fault: something that a later call, or the next start, takes
   * away.
   */
  readonly harmless?: RegExp
  /** Passes when it was done right, also by what state.ts does not see. */
  readonly check?: () => Promise<unknown>
}

/** @returns a play on a world in which everything that it needs is there */
export type Case = (world: World) => Promise<Play>

/** By the call, and how it is called where it does different things. */
export type Cases = Readonly<Record<string, Case>>
