import { perform } from './model.ts'
import type { Operation, Outcome } from './operations.ts'
import type { State } from './state.ts'

/** A call with how it ended. */
export interface Observation {
  readonly operation: Operation
  readonly outcome: Outcome
}

/**
 * What can be after these calls, in this order. A call that was ABORTED has done nothing, and may be at any
 * time.
 */
function inOrder(state: State, observations: readonly Observation[]): State[] {
  let after = state
  for (const { operation, outcome } of observations) {
    const expected = perform(after, operation)
    if (outcome === 'ABORTED' && observations.length > 1) continue
    if (outcome !== expected.outcome) return []
    after = expected.state
  }
  return [after]
}

/**
 * All that can be after calls at the same time, which have to look as if one was made after the other. Two
 * orders may explain the same outcomes and leave different things; what is observed later tells which it was.
 * @returns none when the model cannot explain what was observed
 */
export function explain(states: readonly State[], observations: readonly Observation[]): State[] {
  const found = states.flatMap((state) => [
    ...inOrder(state, observations),
    ...(observations.length > 1 ? inOrder(state, observations.toReversed()) : []),
  ])
  return [...new Map(found.map((state) => [JSON.stringify(state), state])).values()]
}

/** How this call could have ended, for the message of a deviation. */
export function expectedOutcomes(states: readonly State[], operation: Operation): Outcome[] {
  return [...new Set(states.map((state) => perform(state, operation).outcome))]
}
