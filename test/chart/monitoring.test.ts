import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { parse, parseAllDocuments, stringify } from 'yaml'
import { CHART, render } from '../../tools/helm.ts'
import { rows } from '../../tools/monitoring/panels.ts'
import { tool } from '../tool.ts'

const RULES = join(CHART, 'files/alerts.yaml')
let scratch = ''

beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), 'csi-loop-monitoring-'))
})

afterAll(async () => {
  await rm(scratch, { recursive: true })
})

describe('promtool', () => {
  it('accepts the alerts', async () => {
    await tool('promtool', 'check', 'rules', '--lint-fatal', RULES)
  })

  it('fires each alert when it should', async () => {
    await tool('promtool', 'test', 'rules', fileURLToPath(new URL('alerts.yaml', import.meta.url)))
  })

  it('accepts the queries of the dashboard', async () => {
    const queries = rows.flatMap(({ panels }) => panels).flatMap(({ queries }) => queries)
    const rules = queries.map(({ expr }, index) => ({
      record: `panel_${index}`,
      expr: expr.replaceAll('$__rate_interval', '5m'),
    }))
    const file = join(scratch, 'queries.yaml')
    await writeFile(file, stringify({ groups: [{ name: 'dashboard', rules }] }))
    await tool('promtool', 'check', 'rules', file)
  })
})

describe('the chart', () => {
  it('has alerts and dashboard as they are in their files', async () => {
    const text = await render({ set: ['prometheusRule.enabled=true', 'dashboard.enabled=true'] })
    const objects = parseAllDocuments(text).map((document) => document.toJS() as Rendered)
    const ruleObject = objects.find(({ kind }) => kind === 'PrometheusRule')
    expect(ruleObject?.spec).toEqual(parse(await readFile(RULES, 'utf8')))
    const dashboard = objects.find(({ metadata }) => metadata.name === 'csi-driver-loop-dashboard')
    expect(dashboard?.metadata.labels).toMatchObject({ grafana_dashboard: '1' })
    expect(JSON.parse(dashboard?.data?.['csi-driver-loop.json'] ?? '')).toEqual(
      JSON.parse(await readFile(join(CHART, 'files/dashboard.json'), 'utf8')),
    )
  })
})

interface Rendered {
  readonly kind: string
  readonly metadata: { readonly name: string; readonly labels: Record<string, string> }
  readonly spec?: unknown
  readonly data?: Record<string, string>
}
