import type { Case } from './cases/case.ts'
import { Outcomes } from './outcomes.ts'
import { plan, type Extent } from './plan.ts'
import { Stage } from './stage.ts'
import { tryFault } from './trial.ts'

export interface Result {
  readonly outcomes: Outcomes
  /** How many faults were tried. */
  readonly points: number
  /** What must not be, with the step and the fault that led to it. */
  readonly violations: readonly string[]
}

/** How often a step is waited for that does not come each time. */
const ATTEMPTS = 3

/** Makes a call fail at the steps that it takes. */
export async function runCampaign(
  call: string,
  prepare: Case,
  extent: Extent,
  compileCache: string,
): Promise<Result> {
  const outcomes = new Outcomes()
  const violations: string[] = []
  let stage = await Stage.make(prepare, compileCache)
  try {
    const steps = await stage.steps()
    for (const step of steps) outcomes.expect(step)
    const points = plan(steps, extent)
    for (const { step, fault } of points) {
      for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
        const trial = await tryFault(stage, call, step, fault)
        if (trial.outcome !== undefined) outcomes.add(step, fault, trial.outcome)
        violations.push(...trial.violations.map((violation) => `${call}: ${step}, ${fault}: ${violation}`))
        if (trial.violations.length > 0) {
          await stage[Symbol.asyncDispose]()
          stage = await Stage.make(prepare, compileCache)
        }
        if (trial.outcome !== undefined || trial.violations.length > 0) break
      }
    }
    return { outcomes, points: points.length, violations }
  } finally {
    await stage[Symbol.asyncDispose]()
  }
}
