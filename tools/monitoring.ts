import { read, writeOrCheck } from './generated.ts'
import { alertsPage } from './monitoring/alerts-page.ts'
import { grafanaDashboard } from './monitoring/grafana.ts'
import { metricsPage } from './monitoring/metrics-page.ts'
import { rows } from './monitoring/panels.ts'

/**
 * `npm run monitoring` writes the dashboard, and the pages of metrics and alerts; with `--check` it only
 * reports what is out of date.
 */
await writeOrCheck(
  {
    'docs/reference/metrics.md': metricsPage,
    'docs/reference/alerts.md': async () =>
      alertsPage(await read('charts/csi-driver-loop/files/alerts.yaml')),
    'charts/csi-driver-loop/files/dashboard.json': () =>
      Promise.resolve(`${JSON.stringify(grafanaDashboard(rows), undefined, 2)}\n`),
  },
  'monitoring',
)
