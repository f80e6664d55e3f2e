import type { Summary } from '../harness/statistics.ts'
import type { Goal } from './goals.ts'
import type { ManyVolumes } from './many-volumes.ts'
import type { Table } from './samples.ts'

export interface Report {
  readonly machine: string
  readonly tables: readonly Table[]
  /** Where that part was run. */
  readonly manyVolumes: ManyVolumes | undefined
  readonly goals: readonly Goal[]
}

export function printReport({ machine, tables, manyVolumes, goals }: Report): string {
  const alone = manyVolumes ? [printManyVolumes(manyVolumes)] : []
  return [machine, ...tables.map(printTable), ...alone, printGoals(goals)].join('\n\n')
}

/** p50 and p99 of every column, and how many times the p50 of each other column the first one takes. */
function printTable({ title, unit, columns, rows }: Table): string {
  const [first = '', ...others] = columns
  const head = [
    title,
    ...columns.flatMap((name) => [`${name} p50`, 'p99']),
    ...others.map((name) => `/${name}`),
  ]
  const lines = rows.map(({ label, cells }) => [
    `  ${label}`,
    ...columns.flatMap((name) => [number(cells[name]?.p50), number(cells[name]?.p99)]),
    ...others.map((name) => number(ratio(cells[first], cells[name]))),
  ])
  return align([head.map((cell, index) => (index === 0 ? `${cell} [${unit}]` : cell)), ...lines])
}

function ratio(first: Summary | undefined, other: Summary | undefined): number | undefined {
  return first && other && first.p50 / other.p50
}

function printManyVolumes(many: ManyVolumes): string {
  const { volumes, startEmptyMs, startMs } = many
  const mebibytes = (bytes: number): string => `${number(bytes / 1024 / 1024)} MiB`
  return align([
    ['The driver alone', ''],
    ['  start to serving, no volumes', `${number(startEmptyMs)} ms`],
    [`  start to serving, ${volumes} volumes`, `${number(startMs)} ms`],
    ['  RSS, no volumes', mebibytes(many.residentIdleBytes)],
    [`  RSS, ${volumes} volumes staged`, mebibytes(many.residentStagedBytes)],
    [`  RSS, started with ${volumes} staged`, mebibytes(many.residentRestartedBytes)],
  ])
}

function printGoals(goals: readonly Goal[]): string {
  const lines = goals.map(({ what, unit, limit, measured, met }) => [
    `  ${what}`,
    `${number(measured)} ${unit}`,
    `at most ${limit} ${unit}`,
    met ? 'met' : 'NOT MET',
  ])
  return align([['Goals', 'measured', 'goal', ''], ...lines])
}

/** Three digits that count. */
function number(value: number | undefined): string {
  if (value === undefined || Number.isNaN(value)) return '-'
  return value >= 100 ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : value.toFixed(2)
}

function align(lines: readonly (readonly string[])[]): string {
  const width = (column: number) => Math.max(...lines.map((line) => line[column]?.length ?? 0))
  return lines
    .map((line) =>
      line
        .map((cell, column) => (column === 0 ? cell.padEnd(width(column)) : cell.padStart(width(column))))
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}
