import { Dice } from '../support/images.ts'
import { faultsOf } from './faults.ts'
import { kills } from './outcomes.ts'

/** One fault at one step of a call. */
export interface Point {
  readonly step: string
  readonly fault: string
}

/** Which points are tried: all of them, or a sample, and with another seed another one. */
export type Extent = 'all' | number

/** Of each call, in a sample. */
const SAMPLED_FAILURES = 3
const SAMPLED_KILLS = 1

/** What is done to a call that takes these steps: first all that the driver survives. */
export function plan(steps: readonly string[], extent: Extent): Point[] {
  const failures = steps.flatMap((step) => faultsOf(step).faults.map((fault) => ({ step, fault })))
  const deaths = steps.flatMap((step) => kills.map((fault) => ({ step, fault })))
  if (extent === 'all') return [...failures, ...deaths]
  const dice = new Dice(extent)
  return [...sample(failures, SAMPLED_FAILURES, dice), ...sample(deaths, SAMPLED_KILLS, dice)]
}

/**
 * Of steps that change something, where there are any: behind the others there is less that could be left.
 */
function sample(points: readonly Point[], size: number, dice: Dice): Point[] {
  const changing = points.filter(({ step }) => faultsOf(step).changes)
  const rest = changing.length > 0 ? changing : [...points]
  const chosen: Point[] = []
  while (chosen.length < size && rest.length > 0) chosen.push(...rest.splice(dice.roll(rest.length), 1))
  return chosen
}
