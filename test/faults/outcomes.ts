import { faultsOf } from './faults.ts'

export const kills = ['killed before', 'killed after'] as const

/**
 * How a call ended by what was done to it at which of its steps. Steps of one name are one: how many of them
 * there are can be another number each time.
 */
export class Outcomes {
  /** By step, then by fault. Nothing is known yet of faults without an outcome. */
  readonly bySteps = new Map<string, Map<string, Set<string>>>()

  /** Makes room for all that can be done at a step. */
  expect(step: string): void {
    const faults = this.bySteps.get(nameOf(step)) ?? new Map<string, Set<string>>()
    for (const fault of [...faultsOf(step).faults, ...kills])
      if (!faults.has(fault)) faults.set(fault, new Set())
    this.bySteps.set(nameOf(step), faults)
  }

  add(step: string, fault: string, outcome: string): void {
    this.bySteps.get(nameOf(step))?.get(fault)?.add(outcome)
  }

  /** What can be done at a step that was taken, and was not. */
  get untried(): string[] {
    return [...this.bySteps].flatMap(([step, faults]) =>
      [...faults].flatMap(([fault, outcomes]) => (outcomes.size === 0 ? [`${step}, ${fault}`] : [])),
    )
  }
}

/** A step without its count. */
function nameOf(step: string): string {
  return step.replace(/ \d+$/, '')
}
