import { resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { builtDriver, positive, runAsRoot } from '../harness/command-line.ts'
import { progressOn, type Progress } from '../harness/progress.ts'
import { writeReport } from '../harness/reliability.ts'
import { Workspace } from '../harness/workspace.ts'
import { leastTroubled } from './cluster/behaviour.ts'
import { printReport, toPage, verdictOf, type Findings } from './report.ts'
import { measureRouter, type RouterOptions } from './router/router.ts'
import { measureStaged, type StagedOptions } from './staged/staged.ts'

const help = `Usage: npm run scale -- [options]

Measures how the driver bears large clusters: a router before simulated nodes and a simulated API server, and the driver of
one node with many staged volumes on real loop devices. Fails when a call hangs, when a process takes more memory than its
budget (router 384 MiB, node 256 MiB), or, from 50 rounds on, when something grew that need not. Needs root, and leaves
nothing behind. The defaults are the long form, which takes about 20 minutes and some GiB of disk.

  --nodes <n,n,...>           numbers of simulated nodes that are compared; the largest at least ${leastTroubled} (default 10,50,200)
  --volumes <n>               volumes on all of them (default 20000)
  --persistent-volumes <n>    PersistentVolumes, those of other drivers too (default 50000)
  --staged <n>                volumes that are staged on one node (default 5000)
  --rounds <n>                how often each call is made (default 100)
  --report                    writes what was found into docs/reliability.md
  --dir <path>                where all files go; a disk, not a tmpfs (default /var/tmp)
  --driver <file>             the driver's main file (default dist/main.js, as npm run build makes it)
  --help                      print this

Progress goes to standard error. Growth is the ratio of medians that were measured side by side.`

interface Options extends RouterOptions, StagedOptions {
  readonly directory: string
  /** Whether the results are written into docs/reliability.md. */
  readonly reports: boolean
}

/** @returns the exit code */
export function run(args: string[]): Promise<number> {
  return runAsRoot({ name: 'scale', help, parse, work }, args)
}

async function work(options: Options, signal: AbortSignal): Promise<boolean> {
  const since = performance.now()
  const findings = await measure(options, progressOn(process.stderr), signal)
  const verdict = verdictOf(findings)
  console.log(printReport(findings, verdict))
  if (options.reports) await writeReport('scale', since, toPage(findings, verdict))
  return verdict.passed
}

async function measure(options: Options, progress: Progress, signal: AbortSignal): Promise<Findings> {
  await using workspace = await Workspace.open(options.directory, 'scale')
  const router = await measureRouter(options, workspace, progress, signal)
  const staged = await measureStaged(options, workspace, progress, signal)
  return { rounds: options.rounds, router, staged }
}

/** @throws Error naming the option */
export function parse(args: string[]): Options | 'help' {
  const { values } = parseArgs({
    args,
    options: {
      nodes: { type: 'string', default: '10,50,200' },
      volumes: { type: 'string', default: '20000' },
      'persistent-volumes': { type: 'string', default: '50000' },
      staged: { type: 'string', default: '5000' },
      rounds: { type: 'string', default: '100' },
      report: { type: 'boolean', default: false },
      dir: { type: 'string', default: '/var/tmp' },
      driver: { type: 'string', default: builtDriver },
      help: { type: 'boolean', default: false },
    },
  })
  if (values.help) return 'help'
  const volumes = positive('--volumes', values.volumes)
  const persistentVolumes = positive('--persistent-volumes', values['persistent-volumes'])
  if (persistentVolumes < volumes)
    throw new Error(`--persistent-volumes must be at least --volumes, ${volumes}: each volume has one`)
  return {
    nodes: numbersOfNodes(values.nodes),
    volumes,
    persistentVolumes,
    staged: positive('--staged', values.staged),
    rounds: positive('--rounds', values.rounds),
    reports: values.report,
    directory: values.dir,
    driver: resolve(values.driver),
  }
}

function numbersOfNodes(text: string): number[] {
  const numbers = new Set(text.split(',').map((number) => positive('--nodes', number)))
  const ascending = [...numbers].sort((a, b) => a - b)
  if ((ascending.at(-1) ?? 0) >= leastTroubled) return ascending
  throw new Error(
    `--nodes must have one number of at least ${leastTroubled}: one node for each kind of trouble`,
  )
}
