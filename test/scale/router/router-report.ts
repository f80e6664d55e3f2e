import type { Budget } from '../budget.ts'
import { judge, type Judged } from '../growth.ts'
import { mebibytes, rounded, type Table } from '../table.ts'
import { allSizes, largest, type RouterFindings, type Size } from './router.ts'

/** Of a router with 20,000 volumes and 50,000 PersistentVolumes: the limit of its container in the chart. */
const BUDGET_MIB = 384

export function routerBudgets({ sizes, comparing, calls }: RouterFindings): Budget[] {
  return allSizes(sizes).map(({ name, shape }) => {
    const peaks = calls.flatMap(({ figures }) => figures.get(name)?.peakBytes ?? [])
    const { busyPeakBytes = 0 } = comparing.get(name) ?? {}
    const what = `router, ${name}, ${shape.persistentVolumes} PersistentVolumes`
    return { what, bytes: Math.max(busyPeakBytes, ...peaks), limitMiB: BUDGET_MIB }
  })
}

/** How everything grew, from the smallest number of nodes to the largest, and from few volumes to many. */
export function routerGrowths({ sizes, comparing, calls, troubled }: RouterFindings): Judged[] {
  const [few, many] = [sizes.byNodes[0], largest(sizes)]
  const { fewVolumes } = sizes
  const axes: { axis: 'nodes' | 'volumes'; small: Size }[] = [{ axis: 'volumes', small: fewVolumes }]
  if (few && few !== many) axes.unshift({ axis: 'nodes', small: few })
  const growths = axes.flatMap(({ axis, small }) => {
    const sizesOfAxis = { axis, from: small.shape[axis], to: many.shape[axis] }
    const comparison = judge({
      ...{ what: 'a comparison with the PersistentVolumes', ...sizesOfAxis, growth: 'linear' as const },
      before: comparing.get(small.name)?.comparisonMs ?? NaN,
      after: comparing.get(many.name)?.comparisonMs ?? NaN,
    })
    const ofCalls = calls.map(({ call, figures }) =>
      judge({
        ...{ what: call.name, ...sizesOfAxis, growth: call.growth[axis] },
        before: figures.get(small.name)?.latency.p50 ?? NaN,
        after: figures.get(many.name)?.latency.p50 ?? NaN,
      }),
    )
    return [...ofCalls, comparison]
  })
  const ofOneNode = troubled.filter(({ call }) => call.growth.nodes === 'constant' && !call.needsAllNodes)
  const beside = ofOneNode.map(({ call, latency }) => {
    const alone = calls.find((one) => one.call === call)?.figures.get(many.name)
    const trouble = { axis: 'nodes in trouble', from: 0, to: NaN, growth: 'constant' } as const
    return judge({ what: call.name, ...trouble, before: alone?.latency.p50 ?? NaN, after: latency.p50 })
  })
  return [...growths, ...beside]
}

export function routerTables({ sizes, comparing, calls, troubled }: RouterFindings): Table[] {
  const all = allSizes(sizes)
  const names = all.map(({ name }) => name)
  const latencies = calls.map(({ call, figures }) => [
    call.name,
    ...names.map((name) => {
      const { latency, peakBytes } = figures.get(name) ?? {}
      return latency ? `${rounded(latency.p50)}, ${rounded(latency.p99)}, ${mebibytes(peakBytes ?? 0)}` : ''
    }),
  ])
  const comparisons = all.map(({ name, shape }) => {
    const { comparisonMs = NaN, peakBytes = NaN, busyPeakBytes = NaN } = comparing.get(name) ?? {}
    const figures = [rounded(comparisonMs / 1000), mebibytes(peakBytes), mebibytes(busyPeakBytes)]
    return [`${name}, ${shape.persistentVolumes} PersistentVolumes`, ...figures]
  })
  const beside = troubled.map(({ call, latency, answered, unavailable }) => [
    call.name,
    ...[latency.p50, latency.p99].map(rounded),
    ...[answered, unavailable].map(String),
  ])
  return [
    {
      title: 'Calls to the router: median [ms], 99th percentile [ms], most memory [MiB]',
      head: ['call', ...names],
      rows: latencies,
    },
    {
      title: 'Comparisons with the PersistentVolumes without a pause',
      head: ['cluster', 'one takes [s]', 'memory [MiB]', 'with calls at the same time [MiB]'],
      rows: comparisons,
    },
    {
      title: `Calls for nodes that are well while others are slow, mute, stopped or away (${largest(sizes).name})`,
      head: ['call', 'median [ms]', '99th percentile [ms]', 'answered', 'UNAVAILABLE'],
      rows: beside,
    },
  ]
}
