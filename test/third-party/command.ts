import { resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { builtDriver, positive, runAsRoot } from '../harness/command-line.ts'
import { progressOn } from '../harness/progress.ts'
import { writeReport } from '../harness/reliability.ts'
import { nothing } from '../support/leftovers.ts'
import { kinds } from './places/kinds.ts'
import { countsOf, reportOf } from './report.ts'
import { thirdParty, type Findings, type ThirdPartyOptions } from './third-party.ts'
import { tools } from './tools.ts'

const help = `Usage: npm run third-party -- [options]

Runs test programs of other projects on volumes of the real driver, file systems and raw blocks, and at the same time on
plain loop devices that losetup has attached, made and mounted with the same options. A test that fails on both says
nothing about the driver; one that fails on ours only is a defect. Needs root. Leaves nothing behind.

  --sample            a part of each tool, in about two minutes
  --only <tool>       this tool: ${tools.map(({ name }) => name).join(', ')}; can be repeated
  --on <kind>         this kind of volume: ${kinds.join(', ')}; can be repeated
  --seconds <n>       how long each stressor and each load runs (default 5; 2 with --sample)
  --report            writes the results of all tools on all kinds into docs/reliability.md
  --dir <path>        where all files go; a disk, not a tmpfs (default /var/tmp)
  --driver <file>     the driver's main file (default dist/main.js, as npm run build makes it)
  --help              print this

pjdfstest is built with Rust the first time and kept in the user's cache; the other tools are Debian's packages, which
are installed where they are missing. Progress goes to standard error. The exit code is 1 when a test has failed on ours
only, or when anything is left.`

interface Options extends ThirdPartyOptions {
  readonly reports: boolean
}

/** @returns the exit code */
export function run(args: string[]): Promise<number> {
  return runAsRoot({ name: 'third-party', help, parse, work }, args)
}

async function work(options: Options, signal: AbortSignal): Promise<boolean> {
  const since = performance.now()
  const versions = new Map(
    await Promise.all(options.tools.map(async ({ name, version }) => [name, await version()] as const)),
  )
  const found = await thirdParty(options, progressOn(process.stderr), signal)
  const report = reportOf(found.findings, versions, options.seconds)
  console.log(`${report}\n\n${summaryOf(found)}`)
  if (options.reports) await writeReport('third-party', since, report)
  return isGood(found)
}

function isGood({ findings, left }: Findings): boolean {
  const defects = findings.some(({ comparisons }) => countsOf(comparisons)['only ours'] > 0)
  return !defects && JSON.stringify(left) === JSON.stringify(nothing)
}

function summaryOf({ findings, left }: Findings): string {
  const counts = countsOf(findings.flatMap(({ comparisons }) => comparisons))
  const lists = [...left.devices, ...left.mounts, ...left.processes]
  const remaining = lists.length === 0 ? 'nothing left' : `left: ${lists.join(', ')}`
  return `third-party: ${counts.passed} passed, ${counts['only ours']} failed on ours only, ${counts['failed on both']} on both, ${counts['only losetup']} on losetup only, ${counts.skipped} skipped; ${remaining}`
}

function parse(args: string[]): Options | 'help' {
  const { values } = parseArgs({
    args,
    options: {
      sample: { type: 'boolean', default: false },
      only: { type: 'string', multiple: true },
      on: { type: 'string', multiple: true },
      seconds: { type: 'string' },
      report: { type: 'boolean', default: false },
      dir: { type: 'string', default: '/var/tmp' },
      driver: { type: 'string', default: builtDriver },
      help: { type: 'boolean', default: false },
    },
  })
  if (values.help) return 'help'
  if (values.report && (values.sample || values.only || values.on))
    throw new Error('--report is of all tools on all kinds: leave out --sample, --only and --on')
  const names = tools.map(({ name }) => name)
  const only = chosen('--only', names, values.only)
  return {
    isSample: values.sample,
    seconds: positive('--seconds', values.seconds ?? (values.sample ? '2' : '5')),
    tools: tools.filter(({ name }) => only.includes(name)),
    kinds: chosen('--on', kinds, values.on),
    reports: values.report,
    directory: values.dir,
    driver: resolve(values.driver),
  }
}

/** @returns all of them by default. @throws Error for a word that is none of them */
function chosen<T extends string>(option: string, all: readonly T[], words: readonly string[] = all): T[] {
  const unknown = words.find((word) => !all.some((known) => known === word))
  if (unknown !== undefined) throw new Error(`${option} must be one of ${all.join(', ')}, not ${unknown}`)
  return all.filter((known) => words.includes(known))
}
