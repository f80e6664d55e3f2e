import { common, controller, node, type Definition } from '../../src/monitoring/definitions.ts'
import { repairs, steps } from '../../src/volumes/model/observer.ts'
import { markdown, table } from './markdown.ts'

/** docs/reference/metrics.md: every metric of both roles. */
export function metricsPage(): Promise<string> {
  return markdown(`# Metrics

Generated from src/monitoring/definitions.ts by \`npm run monitoring\`.

Both roles serve these metrics at \`/metrics\` of \`--http\`. Names and units follow Prometheus' rules: base units, counters with \`_total\`.

## Both roles

${metrics(common)}

## Node

${metrics(node)}

- \`step\`: ${list(steps)}
- \`result\`: ${list(['success', 'error'])}
- \`kind\`: ${list(repairs)}
- \`state\`: ${list(['bound', 'free'])}

## Controller

In Kubernetes only. Of several replicas, only the leader reports them.

${metrics(controller)}
`)
}

function metrics(definitions: Readonly<Record<string, Definition>>): string {
  const rows = Object.values(definitions).map(({ name, type, labels, help }) => [
    `\`${name}\``,
    type,
    list(labels),
    help,
  ])
  return table(['metric', 'type', 'labels', 'meaning'], rows)
}

function list(values: readonly string[]): string {
  return values.map((value) => `\`${value}\``).join(', ')
}
