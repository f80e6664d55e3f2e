import { stepLabels } from '../../bench/contender.ts'
import type { Budget } from '../budget.ts'
import { judge, type Judged } from '../growth.ts'
import { mebibytes, rounded, type Table } from '../table.ts'
import type { StagedFindings } from './staged.ts'

/** Of a driver with 5,000 staged volumes: half of what its container may have. */
const BUDGET_MIB = 256

/** What the kubelet waits for when a pod starts and ends, and what it asks for meanwhile. */
const judgedSteps = ['create', 'stage', 'publish', 'stats', 'unpublish', 'unstage', 'delete'] as const

export function stagedBudgets({ many, few }: StagedFindings): Budget[] {
  return [few, many].map(({ volumes, peakBytes }) => ({
    what: `node, ${volumes} staged volumes`,
    bytes: peakBytes,
    limitMiB: BUDGET_MIB,
  }))
}

export function stagedGrowths({ many, few, calls }: StagedFindings): Judged[] {
  const [columnOfMany = '', columnOfFew = ''] = calls.columns
  return judgedSteps.map((step) => {
    const cells = calls.rows.find(({ label }) => label === stepLabels[step])?.cells
    return judge({
      ...{ what: stepLabels[step], axis: 'staged volumes', growth: 'constant' },
      ...{ from: few.volumes, to: many.volumes },
      before: cells?.[columnOfFew]?.p50 ?? NaN,
      after: cells?.[columnOfMany]?.p50 ?? NaN,
    })
  })
}

export function stagedTables({ many, few, calls }: StagedFindings): Table[] {
  const { columns } = calls
  const nodes = [few, many]
  return [
    {
      title: 'The driver of one node',
      head: ['', ...nodes.map(({ volumes }) => `${volumes} staged volumes`)],
      rows: [
        ['memory, all staged [MiB]', ...nodes.map(({ residentBytes }) => mebibytes(residentBytes))],
        ['most memory [MiB]', ...nodes.map((one) => mebibytes(one.peakBytes))],
        ['memory after a kill and a start [MiB]', ...nodes.map((one) => mebibytes(one.restartedBytes))],
        ['start to serving after a kill [s]', ...nodes.map(({ restartMs }) => rounded(restartMs / 1000))],
        ['of one processor, idle [%]', ...nodes.map(({ idlePart }) => rounded(100 * idlePart))],
      ],
    },
    {
      title: 'Its calls: median [ms], 99th percentile [ms]',
      head: ['call', ...columns.toReversed()],
      rows: calls.rows.map(({ label, cells }) => [
        label,
        ...columns.toReversed().map((column) => {
          const cell = cells[column]
          return cell ? `${rounded(cell.p50)}, ${rounded(cell.p99)}` : ''
        }),
      ]),
    },
  ]
}
