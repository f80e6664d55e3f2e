import { parse } from 'yaml'
import { markdown } from './markdown.ts'

interface AlertRule {
  readonly alert: string
  readonly expr: string
  readonly for?: string
  readonly labels: { readonly severity: string }
  readonly annotations: { readonly summary: string; readonly description: string }
}

/** The alerts of a file of Prometheus rules. */
export function alertsIn(rulesYaml: string): AlertRule[] {
  const { groups } = parse(rulesYaml) as { groups: { rules: AlertRule[] }[] }
  return groups.flatMap(({ rules }) => rules)
}

/** docs/reference/alerts.md: when each alert fires, and what to do then. */
export function alertsPage(rulesYaml: string): Promise<string> {
  const alerts = alertsIn(rulesYaml).map(
    ({ alert, annotations, expr, for: time, labels }) => `## ${alert}

${annotations.summary} (${labels.severity}${time === undefined ? '' : `, after ${time}`})

\`\`\`promql
${expr}
\`\`\`

${withoutTemplates(annotations.description)}
`,
  )
  return markdown(`# Alerts

Generated from charts/csi-driver-loop/files/alerts.yaml by \`npm run monitoring\`. The chart installs them as a PrometheusRule where the
cluster has that kind (\`prometheusRule.enabled\`); elsewhere the file is one for Prometheus' \`rule_files\`.

${alerts.join('\n')}`)
}

/** What Prometheus fills in is an example's \`<label>\` for people. */
function withoutTemplates(text: string): string {
  return text
    .replaceAll(/\{\{ \$labels\.(\w+) \}\}/g, '`<$1>`')
    .replaceAll(/\{\{ \$value[^}]*\}\}/g, '`<value>`')
}
