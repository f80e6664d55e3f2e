/** How a single test ended. `skipped`: it has said itself that it cannot run here. */
export type Outcome = 'passed' | 'failed' | 'skipped'

export interface TestResult {
  readonly name: string
  readonly outcome: Outcome
  /** What the test printed about it, in one line. */
  readonly detail?: string
}

export const verdicts = ['passed', 'failed on both', 'only ours', 'only losetup', 'skipped'] as const

/** `only ours`: it passes on the plain loop device, but not on the driver's volume, which is a defect. */
export type Verdict = (typeof verdicts)[number]

export interface Comparison {
  readonly name: string
  readonly verdict: Verdict
  readonly detail: string
}

/** Compares what a tool has found on the driver's volume and on a plain loop device, test by test. */
export function compare(ours: readonly TestResult[], losetup: readonly TestResult[]): Comparison[] {
  const names = new Set([...ours, ...losetup].map(({ name }) => name))
  return [...names].map((name) => {
    const [here, there] = [find(ours, name), find(losetup, name)]
    const verdict = verdictOf(here.outcome, there.outcome)
    return { name, verdict, detail: (verdict === 'only losetup' ? there : here).detail ?? '' }
  })
}

/** What losetup has failed in any of two runs: a test that fails there now and then proves nothing. */
export function worst(first: readonly TestResult[], second: readonly TestResult[]): TestResult[] {
  return first.map((result) => (result.outcome === 'passed' ? find(second, result.name) : result))
}

/** A test that has ended on one of them only was cut short on the other. */
function find(results: readonly TestResult[], name: string): TestResult {
  return results.find((result) => result.name === name) ?? { name, outcome: 'failed', detail: 'did not run' }
}

function verdictOf(ours: Outcome, losetup: Outcome): Verdict {
  if (ours === losetup) return ours === 'failed' ? 'failed on both' : ours
  if (ours === 'passed') return 'only losetup'
  return losetup === 'passed' || ours === 'failed' ? 'only ours' : 'only losetup'
}
