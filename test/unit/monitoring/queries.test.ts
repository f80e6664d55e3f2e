import { readFile } from 'node:fs/promises'
import { describe, expect, it } from '@jest/globals'
import { common, controller, node, type Definition } from '../../../src/monitoring/definitions.ts'
import { alertsIn } from '../../../tools/monitoring/alerts-page.ts'
import { rows } from '../../../tools/monitoring/panels.ts'
import { namesIn } from '../../support/promql.ts'

const ALERTS = new URL('../../../charts/csi-driver-loop/files/alerts.yaml', import.meta.url)

/** What the chart's PodMonitors, and Prometheus itself, give to every target. */
const TARGET_LABELS = ['job', 'instance', 'namespace', 'pod', 'container', 'node', 'le']

const definitions: readonly Definition[] = [
  ...Object.values(common),
  ...Object.values(controller),
  ...Object.values(node),
]
const seriesOf = ({ name, type }: Definition): string[] =>
  type === 'histogram' ? [`${name}_bucket`, `${name}_sum`, `${name}_count`] : [name]
const series = new Map(
  definitions.flatMap((definition) => seriesOf(definition).map((name) => [name, definition])),
)
const queries = rows.flatMap(({ panels }) =>
  panels.flatMap(({ title, queries }) => queries.map(({ expr }): [string, string] => [title, expr])),
)
const alerts = alertsIn(await readFile(ALERTS, 'utf8'))

describe.each([...queries, ...alerts.map(({ alert, expr }): [string, string] => [alert, expr])])(
  'the query of "%s"',
  (_, expr) => {
    const { labels, metrics } = namesIn(expr)
    const ours = metrics.filter((name) => name !== 'up')

    it('uses only metrics that exist', () => {
      expect(metrics).not.toEqual([])
      expect(ours.filter((name) => !series.has(name))).toEqual([])
    })

    it('uses only labels that exist', () => {
      const known = [...TARGET_LABELS, ...ours.flatMap((name) => series.get(name)?.labels ?? [])]
      expect(labels.filter((label) => !known.includes(label))).toEqual([])
    })
  },
)

describe.each(alerts)('$alert', ({ annotations, labels }) => {
  it('has a remedy and a severity', () => {
    expect(annotations.summary).toMatch(/^[A-Z].+\.$/)
    expect(annotations.description.trim()).toMatch(/\.$/)
    expect(['warning', 'critical']).toContain(labels.severity)
  })
})

describe('namesIn', () => {
  it.each([
    ['up == 0', ['up'], []],
    ['sum by (job, method) (rate(a_total{code!="O}K"}[5m]))', ['a_total'], ['code', 'job', 'method']],
    ['histogram_quantile(0.95, sum by (le) (rate(b_bucket[$__rate_interval]))) > 1e3', ['b_bucket'], ['le']],
    ['c / on (pool) group_left (node) (d * e)', ['c', 'd', 'e'], ['pool', 'node']],
    ['topk(10, f{a="b",c=~"d"}) and on () vector(1) unless g', ['f', 'g'], ['a', 'c']],
  ])('reads %s', (expr, metrics, labels) => {
    const found = namesIn(expr)
    expect(found.metrics).toEqual(metrics)
    expect([...found.labels].sort()).toEqual([...labels].sort())
  })
})
