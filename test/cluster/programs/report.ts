import { table } from '../../../tools/monitoring/markdown.ts'
import { programOf } from './copies.ts'
import { copyKinds, disturbances } from './plan.ts'
import { replicas } from './replicas.ts'
import type { Outcome, ProgramsResult } from './run.ts'

/** Of a run that has lost nothing: the first loss ends it. */
export function programsReport({ outcomes, acknowledged }: ProgramsResult, seed: number): string {
  const types = replicas.map(({ fsType }) => fsType).join(', ')
  const said =
    `Seed ${seed}. ${acknowledged} transactions were acknowledged by databases on ${types}. ` +
    `Each of the ${outcomes.length} copies came up with all that were acknowledged before it was created:`
  const rows = copyKinds.map((kind) => rowOf(outcomes.filter(({ round }) => round.copy === kind)))
  const head = ['copy', 'of', 'copies', 'recovered from their log', 'transactions acknowledged before']
  return [said, '', table(head, rows), '', disturbed(outcomes)].join('\n')
}

function rowOf(outcomes: readonly Outcome[]): string[] {
  const kind = outcomes[0]?.round.copy
  const acknowledged = outcomes.map((outcome) => outcome.acknowledged)
  return [
    kind ?? '-',
    kind ? programOf(kind).name : '-',
    String(outcomes.length),
    String(outcomes.filter(({ isRecovered }) => isRecovered).length),
    `${Math.min(...acknowledged)} to ${Math.max(...acknowledged)}`,
  ]
}

function disturbed(outcomes: readonly Outcome[]): string {
  const counts = disturbances.flatMap((disturbance) => {
    const count = outcomes.filter(({ round }) => round.disturbance === disturbance).length
    return count === 0 ? [] : [`${disturbance === 'none' ? 'nothing' : disturbance}: ${count}`]
  })
  return `Meanwhile, in so many of the copies, ${counts.join('; ')}.`
}
