import { parseArgs } from 'node:util'
import { nodeNames } from '../e2e/support/cluster.ts'
import { ready } from '../e2e/support/driver.ts'
import { remainsOn } from '../e2e/support/remains.ts'
import { positive, runAsRoot } from '../harness/command-line.ts'
import { progressOn, type Progress } from '../harness/progress.ts'
import { writeReport } from '../harness/reliability.ts'
import { anySeed } from '../model/seed.ts'
import { eventually } from '../support/eventually.ts'
import { atOnceReport } from './at-once/report.ts'
import { runAtOnce } from './at-once/run.ts'
import { programsReport } from './programs/report.ts'
import { runPrograms } from './programs/run.ts'

const DEFAULT_COPIES = 3

const help = `Usage: npm run cluster -- [options]

Tries the driver in a kind cluster of three nodes, with kubectl, docker and kind. KUBECONFIG points to a cluster that has the
driver; to make one for this run: bash .ci/with-cluster npm run cluster -- [options]. Needs root. Leaves nothing behind.

  --copies <n>     a StatefulSet of three pods with PostgreSQL and SQLite that commit transactions, each on another file system:
                   n snapshots, n clones and n group snapshots of their volumes, each claimed and recovered in another pod.
                   Meanwhile pods of the driver are killed, claims expanded, and pods of the StatefulSet deleted and evicted. A
                   copy must have every transaction that was acknowledged before it was created (default ${DEFAULT_COPIES} without --at-once)
  --at-once <n>    n claims with a pod each at once: all must run, with their sizes enforced, and be deleted again
  --seed <n>       order and moments of what --copies does; repeats a run (default: any)
  --report         writes what was found into docs/reliability.md
  --help           print this

Progress goes to standard error. The exit code is 1 when a transaction is missing, something does not come up, or anything is
left on a node. Durations are shown, and never judged.`

interface Options {
  /** Undefined for none. */
  readonly copies: number | undefined
  readonly atOnce: number | undefined
  readonly seed: number
  readonly reports: boolean
}

/** @returns the exit code */
export function run(args: string[]): Promise<number> {
  return runAsRoot({ name: 'cluster', help, parse, work }, args)
}

/** @returns true; what goes wrong is thrown */
async function work({ copies, atOnce, seed, reports }: Options, signal: AbortSignal): Promise<boolean> {
  const progress = progressOn(process.stderr)
  await ready()
  if (copies !== undefined) await tryPrograms({ copies, seed, reports }, progress, signal)
  if (atOnce !== undefined) await tryAtOnce({ atOnce, reports }, progress, signal)
  return true
}

async function tryPrograms(
  { copies, seed, reports }: { readonly copies: number; readonly seed: number; readonly reports: boolean },
  progress: Progress,
  signal: AbortSignal,
): Promise<void> {
  const since = performance.now()
  console.log(`--seed ${seed}`)
  const result = await leavingNothing(() => runPrograms({ copies, seed }, progress, signal))
  const report = programsReport(result, seed)
  console.log(report)
  if (reports) await writeReport('cluster-programs', since, report)
  console.log(`${result.outcomes.length} copies, no acknowledged transaction lost`)
}

async function tryAtOnce(
  { atOnce, reports }: { readonly atOnce: number; readonly reports: boolean },
  progress: Progress,
  signal: AbortSignal,
): Promise<void> {
  const since = performance.now()
  const result = await leavingNothing(() => runAtOnce(atOnce, progress, signal))
  const report = atOnceReport(result)
  console.log(report)
  if (reports) await writeReport('at-once', since, report)
  console.log(`${atOnce} claims at once, nothing left of them`)
}

/** Does something after which the nodes have no volumes that they did not have before. */
async function leavingNothing<T>(action: () => Promise<T>): Promise<T> {
  const nodes = await nodeNames()
  const before = new Set(await remainsOn(nodes))
  const result = await action()
  await eventually(
    'nothing is left on the nodes',
    async () => {
      const left = (await remainsOn(nodes)).filter((line) => !before.has(line))
      if (left.length > 0) throw new Error(left.join('\n'))
    },
    { timeoutMs: 300_000 },
  )
  return result
}

function parse(args: string[]): Options | 'help' {
  const { values } = parseArgs({
    args,
    options: {
      copies: { type: 'string' },
      'at-once': { type: 'string' },
      seed: { type: 'string' },
      report: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  })
  if (values.help) return 'help'
  const atOnce = values['at-once'] === undefined ? undefined : positive('--at-once', values['at-once'])
  const copies = values.copies === undefined ? undefined : positive('--copies', values.copies)
  return {
    copies: copies ?? (atOnce === undefined ? DEFAULT_COPIES : undefined),
    atOnce,
    seed: values.seed === undefined ? anySeed() : positive('--seed', values.seed),
    reports: values.report,
  }
}
