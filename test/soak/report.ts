import { alignCells } from '../../src/cli/terminal/text.ts'
import type { Sample } from './sample.ts'
import type { Findings } from './soak.ts'
import { sparkline } from './sparkline.ts'
import type { Check } from './verdict.ts'

const PLOT_COLUMNS = 60

interface Series {
  readonly label: string
  readonly digits: number
  readonly valueOf: (sample: Sample) => number
}

const plots: readonly Series[] = [
  { label: 'RSS [MiB]', digits: 1, valueOf: ({ residentBytes }) => residentBytes / 2 ** 20 },
  { label: 'open files', digits: 0, valueOf: ({ fds }) => fds },
  { label: 'loop devices', digits: 0, valueOf: ({ devices }) => devices },
  { label: 'mounts', digits: 0, valueOf: ({ mounts }) => mounts },
  { label: 'files', digits: 0, valueOf: ({ files }) => files },
  { label: 'calls p50 [ms]', digits: 1, valueOf: ({ p50Ms }) => p50Ms },
  { label: 'calls p99 [ms]', digits: 0, valueOf: ({ p99Ms }) => p99Ms },
]

/** The plots, the checks, and what was left in its own words. */
export function printReport({ samples, left }: Findings, checks: readonly Check[]): string {
  const last = samples.at(-1)
  const head = `${last?.lives ?? 0} lives in ${(last?.seconds ?? 0).toFixed(0)} s, ${last?.restarts ?? 0} times killed`
  const remains = [...left.devices, ...left.mounts, ...left.processes].map((line) => `left: ${line}`)
  return [head, '', ...plotLines(samples), '', ...checkLines(checks), ...remains].join('\n')
}

function plotLines(samples: readonly Sample[]): string[] {
  const rows = plots.map(({ label, digits, valueOf }) => {
    const values = samples.map(valueOf)
    const [least, most] = [Math.min(...values), Math.max(...values)]
    return [label, least.toFixed(digits), most.toFixed(digits), sparkline(values, PLOT_COLUMNS)]
  })
  return alignCells([['', 'least', 'most', 'over the lives'], ...rows], [1, 2])
}

function checkLines(checks: readonly Check[]): string[] {
  const rows = checks.map(({ what, before, after, limit, passed }) => [
    what,
    ...[before, after, limit].map((value) => `${rounded(value)}`),
    passed ? 'ok' : 'FAILED',
  ])
  return alignCells([['', 'before', 'after', 'at most', ''], ...rows], [1, 2, 3])
}

const columns = [
  'lives',
  'seconds',
  'restarts',
  'residentBytes',
  'fds',
  'devices',
  'mounts',
  'files',
  'processes',
  'p50Ms',
  'p99Ms',
] as const satisfies readonly (keyof Sample)[]

export const csvHead = `${columns.join(',')}\n`

export function csvLine(sample: Sample): string {
  return `${columns.map((column) => rounded(sample[column])).join(',')}\n`
}

function rounded(value: number): number {
  return Math.round(10 * value) / 10
}
