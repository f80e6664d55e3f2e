import { common, node } from '../../src/monitoring/definitions.ts'
import type { Panel, Query, Row } from './panels.ts'

const datasource = { type: 'prometheus', uid: '${datasource}' }

/** Of the 24 columns of a dashboard. */
const PANEL = { width: 8, height: 8 }
const ROW_HEIGHT = 1

/** The dashboard in Grafana's own format. */
export function grafanaDashboard(rows: readonly Row[]): object {
  const panels = rows.flatMap(({ title, panels }, index) => {
    const y = index * (ROW_HEIGHT + PANEL.height)
    const row = {
      type: 'row',
      title,
      collapsed: false,
      panels: [],
      gridPos: { h: ROW_HEIGHT, w: 24, x: 0, y },
    }
    return [row, ...panels.map((panel, column) => timeSeries(panel, column * PANEL.width, y + ROW_HEIGHT))]
  })
  return {
    uid: 'csi-driver-loop',
    title: 'csi-driver-loop',
    tags: ['csi', 'storage'],
    schemaVersion: 39,
    timezone: 'browser',
    time: { from: 'now-6h', to: 'now' },
    refresh: '1m',
    templating: {
      list: [
        { name: 'datasource', label: 'Data source', type: 'datasource', query: 'prometheus' },
        valuesOf('node', 'Node', `label_values(${common.buildInfo.name}, node)`),
        valuesOf('pool', 'Pool', `label_values(${node.poolSize.name}, pool)`),
      ],
    },
    panels: panels.map((panel, index) => ({ id: index + 1, ...panel })),
  }
}

/** Series without the label belong to `all`: not every Prometheus adds the node of a target. */
function valuesOf(name: string, label: string, query: string): object {
  return {
    name,
    label,
    type: 'query',
    datasource,
    query,
    refresh: 2,
    multi: true,
    includeAll: true,
    allValue: '.*',
  }
}

function timeSeries({ title, description, unit, queries }: Panel, x: number, y: number): object {
  return {
    type: 'timeseries',
    title,
    description,
    datasource,
    gridPos: { h: PANEL.height, w: PANEL.width, x, y },
    fieldConfig: { defaults: { unit, min: 0 }, overrides: [] },
    options: {
      legend: { displayMode: 'list', placement: 'bottom' },
      tooltip: { mode: 'multi', sort: 'desc' },
    },
    targets: queries.map(target),
  }
}

function target({ expr, legend }: Query, index: number): object {
  return { refId: 'ABCDEF'.charAt(index), datasource, expr, legendFormat: legend }
}
