import { alignCells } from '../../src/cli/terminal/text.ts'
import { isWithin, type Budget } from './budget.ts'
import { ROUNDS_TO_JUDGE, type Judged } from './growth.ts'
import { growthPlot } from './growth-plot.ts'
import { routerBudgets, routerGrowths, routerTables } from './router/router-report.ts'
import type { RouterFindings } from './router/router.ts'
import { stagedBudgets, stagedGrowths, stagedTables } from './staged/staged-report.ts'
import type { StagedFindings } from './staged/staged.ts'
import { count, mebibytes, rounded, toMarkdown, toText, type Table } from './table.ts'

export interface Findings {
  readonly rounds: number
  readonly router: RouterFindings
  readonly staged: StagedFindings
}

/** What a run found, and whether that is well. */
export interface Verdict {
  readonly budgets: readonly Budget[]
  readonly growths: readonly Judged[]
  /** Growths count only where they were measured often enough. */
  readonly judges: boolean
  readonly passed: boolean
}

export function verdictOf({ rounds, router, staged }: Findings): Verdict {
  const budgets = [...routerBudgets(router), ...stagedBudgets(staged)]
  const growths = [...routerGrowths(router), ...stagedGrowths(staged)]
  const judges = rounds >= ROUNDS_TO_JUDGE
  const grown = judges && growths.some(({ passed }) => !passed)
  return { budgets, growths, judges, passed: !grown && budgets.every(isWithin) }
}

/** For a terminal; the last line says it all. */
export function printReport(findings: Findings, verdict: Verdict): string {
  const plots = plotsOf(verdict)
  return [
    ...tablesOf(findings).map(toText),
    ...plots,
    budgetLines(verdict).join('\n'),
    summary(verdict),
  ].join('\n\n')
}

/** For docs/reliability.md. */
export function toPage(findings: Findings, verdict: Verdict): string {
  const said = `${summary(verdict)} Each call was made ${findings.rounds} times to each router and node, in turns.`
  const plots = plotsOf(verdict).map((plot) => `\`\`\`text\n${plot}\n\`\`\``)
  const budgets = ['```text', ...budgetLines(verdict), '```'].join('\n')
  const intro =
    'Growth of the medians, on a logarithmic scale that ends where a figure grows as the size does:'
  return [said, budgets, intro, ...plots, ...tablesOf(findings).map(toMarkdown)].join('\n\n')
}

function tablesOf({ router, staged }: Findings): Table[] {
  return [...routerTables(router), ...stagedTables(staged)]
}

/** One plot for each pair of sizes. Nodes in trouble are no size. */
function plotsOf({ growths }: Verdict): string[] {
  const ofSizes = growths.filter(({ from }) => from > 0)
  const bySizes = Map.groupBy(ofSizes, ({ axis, from, to }) => `${axis} ${from} ${to}`)
  return [...bySizes.values()].map(growthPlot)
}

function budgetLines({ budgets }: Verdict): string[] {
  const rows = budgets.map((budget) => [
    budget.what,
    `${mebibytes(budget.bytes)} MiB`,
    `of ${budget.limitMiB}`,
    isWithin(budget) ? 'ok' : 'EXCEEDED',
  ])
  return alignCells([['memory', 'most', 'budget', ''], ...rows], [1, 2])
}

function summary({ budgets, growths, judges, passed }: Verdict): string {
  const most = budgets.filter((budget) => !isWithin(budget)).map(({ what }) => what)
  const memory = most.length === 0 ? 'All memory is within its budget' : `Over budget: ${most.join('; ')}`
  if (!judges) return `${memory}; growth is judged from ${ROUNDS_TO_JUDGE} rounds on.`
  const tooMuch = growths.filter((one) => !one.passed)
  if (passed) return `${memory}, and none of ${count(growths.length)} figures grew more than it may.`
  const grown = tooMuch.map(
    ({ what, axis, ratio, limit }) => `${what} by ${axis} ${rounded(ratio)} times, of ${rounded(limit)}`,
  )
  return `${memory}. Grew too much: ${grown.join('; ') || 'nothing'}.`
}
