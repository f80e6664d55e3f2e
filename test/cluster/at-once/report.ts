import { formatDuration } from '../../../src/cli/terminal/text.ts'
import { table } from '../../../tools/monitoring/markdown.ts'
import { percentile } from '../../harness/statistics.ts'
import type { AtOnceResult } from './run.ts'
import type { Warnings } from './warnings.ts'

/** Of a run that has got there: what does not ends it. */
export function atOnceReport({ count, durations, deletedMs, warnings }: AtOnceResult): string {
  const said =
    `${count} claims with a pod each. All were bound and ran, no volume took more than its size, and nothing ` +
    'was left of them on any node:'
  const rows = [
    rowOf('claim bound', durations.bound),
    rowOf('pod ready', durations.running),
    ['pod and volume deleted', '', '', formatDuration(deletedMs)],
  ]
  return [said, '', table(['', 'p50', 'p99', 'all'], rows), '', ...warningLines(warnings)].join('\n')
}

function rowOf(name: string, durations: readonly number[]): string[] {
  return [name, ...[50, 99, 100].map((percent) => formatDuration(percentile(durations, percent)))]
}

function warningLines(warnings: readonly Warnings[]): string[] {
  if (warnings.length === 0) return ['No event had a warning.']
  const rows = warnings.map(({ reason, message, events, times }) => [
    reason,
    String(events),
    String(times),
    message.replaceAll('<', '&lt;'),
  ])
  return ['Warnings in their events:', '', table(['reason', 'objects', 'times', 'message'], rows)]
}
