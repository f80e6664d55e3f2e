import { resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { builtDriver, positive, runAsRoot } from '../harness/command-line.ts'
import { progressOn } from '../harness/progress.ts'
import { writeReport } from '../harness/reliability.ts'
import { anySeed } from '../model/seed.ts'
import { tryCopies } from './copies/copies.ts'
import { tryFullPools } from './full-pool/full-pool.ts'
import type { WorldOptions } from './support/world.ts'

const help = `Usage: npm run programs -- [options]

Runs PostgreSQL and SQLite on volumes of the real driver, and checks that they lose nothing that they have acknowledged: in
copies that are made while they write, and on disks that become full. Needs root. Leaves nothing behind.

  --copies <n>      makes so many copies of each of them (snapshots, clones and group snapshots) while the driver is killed,
                    volumes are expanded and pods move; has each copy started and checked; and has fio and restic check
                    other copies
  --full-pool <n>   fills the disk of a thin pool, and makes room again, so many times
  --seed <n>        repeats an earlier run (default: any)
  --report          writes what was tried into docs/reliability.md
  --dir <path>      where all files go; a disk, not a tmpfs (default /var/tmp)
  --driver <file>   the driver's main file (default dist/main.js, as npm run build makes it)
  --help            print this

Without --copies and --full-pool it does a little of both. Progress goes to standard error. The exit code is 1 when a
database is corrupt, when a transaction is lost, or when something is left behind.`

interface Options {
  /** undefined for none. */
  readonly copies: number | undefined
  readonly rounds: number | undefined
  readonly seed: number
  /** Whether what was tried is written into docs/reliability.md. */
  readonly reports: boolean
  readonly directory: string
  readonly driver: string
}

/** What is done without `--copies` and `--full-pool`. */
const sample = { copies: 3, rounds: 2 }

/** @returns the exit code */
export function run(args: string[]): Promise<number> {
  return runAsRoot({ name: 'programs', help, parse, work }, args)
}

/** @returns true; what is wrong is thrown */
async function work(options: Options, signal: AbortSignal): Promise<boolean> {
  const { copies, rounds, seed, directory, driver } = options
  const progress = progressOn(process.stderr)
  const world: WorldOptions = { parent: directory, driver, signal }
  console.log(`--seed ${seed}`)
  if (copies !== undefined)
    await part('programs', options, async () => (await tryCopies(copies, seed, world, progress)).report(seed))
  if (rounds !== undefined)
    await part('full-pool', options, async () =>
      (await tryFullPools(rounds, seed, world, progress)).report(seed),
    )
  console.log(`${copies ?? 0} copies of each database and ${rounds ?? 0} full pools, nothing lost`)
  return true
}

/** @param name of its block in docs/reliability.md */
async function part(name: string, { reports }: Options, action: () => Promise<string>): Promise<void> {
  const since = performance.now()
  const report = await action()
  console.log(`\n${report}\n`)
  if (reports) await writeReport(name, since, report)
}

function parse(args: string[]): Options | 'help' {
  const { values } = parseArgs({
    args,
    options: {
      copies: { type: 'string' },
      'full-pool': { type: 'string' },
      seed: { type: 'string', default: `${anySeed()}` },
      report: { type: 'boolean', default: false },
      dir: { type: 'string', default: '/var/tmp' },
      driver: { type: 'string', default: builtDriver },
      help: { type: 'boolean', default: false },
    },
  })
  if (values.help) return 'help'
  const { copies, 'full-pool': rounds } = values
  const isSample = copies === undefined && rounds === undefined
  return {
    ...(isSample
      ? sample
      : { copies: numberOf('--copies', copies), rounds: numberOf('--full-pool', rounds) }),
    seed: positive('--seed', values.seed),
    reports: values.report,
    directory: values.dir,
    driver: resolve(values.driver),
  }
}

function numberOf(option: string, text: string | undefined): number | undefined {
  return text === undefined ? undefined : positive(option, text)
}
