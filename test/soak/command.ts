import { appendFile, writeFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { parseDuration } from '../../src/cli/terminal/text.ts'
import { builtDriver, positive, runAsRoot } from '../harness/command-line.ts'
import { progressOn } from '../harness/progress.ts'
import { soakCrossed } from './crossed.ts'
import { soakModel } from './model.ts'
import { soakPowerCuts } from './power-cuts.ts'
import { csvHead, csvLine, printReport } from './report.ts'
import type { Sample } from './sample.ts'
import { soak, type SoakOptions } from './soak.ts'
import { verdict } from './verdict.ts'

const help = `Usage: npm run soak -- [options]

Lives one life of a volume after another on the real driver: file systems and raw blocks, written and read again, expanded,
modified, snapshotted, restored, cloned, ephemeral. Looks now and then at what the driver holds while it is idle, and fails
when it has kept anything of what has ended. Needs root. Leaves nothing behind.

  --lives <n>         how many lives there are (default 1000)
  --model <n>         instead of lives, so many random sequences of calls against the model of CSI (the long run has 20000);
                      MODEL_SEED repeats a run
  --crossed <n>       instead of lives, so many long operations that are held open while others run (the long run has 5000);
                      MODEL_SEED repeats a run
  --power-cuts <n>    instead of lives, so many power cuts below a driver that works, on disks of each kind (the long run has
                      1000); MODEL_SEED repeats a run
  --report            writes what --power-cuts has tried into docs/reliability.md
  --time <duration>   begins no more of them after this time, such as 30m
  --parallel <n>      lives at a time (default 4)
  --kill-every <n>    kills the driver (SIGKILL) in one of so many lives; its memory is then not compared
  --dir <path>        where all files go; a disk, not a tmpfs (default /var/tmp)
  --csv <file>        writes a line for every point of the plots
  --driver <file>     the driver's main file (default dist/main.js, as npm run build makes it)
  --help              print this

Progress goes to standard error. The exit code is 1 when a life failed, when something was left, or when the memory has grown
by more than a tenth since a tenth of the lives (100 at least: before, a process is still growing up). How long calls take
is shown, and never judged.`

interface Options extends SoakOptions {
  readonly csv: string | undefined
  /** How many sequences; undefined for lives. */
  readonly model: number | undefined
  /** How many crossings; undefined for lives. */
  readonly crossed: number | undefined
  /** How many power cuts; undefined for lives. */
  readonly powerCuts: number | undefined
  /** Whether the results of power cuts are written into docs/reliability.md. */
  readonly reports: boolean
}

/** @returns the exit code */
export function run(args: string[]): Promise<number> {
  return runAsRoot({ name: 'soak', help, parse, work }, args)
}

async function work(options: Options, signal: AbortSignal): Promise<boolean> {
  if (options.model !== undefined) return soakModel(options.model, progressOn(process.stderr), signal)
  if (options.crossed !== undefined) return soakCrossed(options.crossed, progressOn(process.stderr), signal)
  if (options.powerCuts !== undefined)
    return soakPowerCuts(
      { cuts: options.powerCuts, parent: options.directory, reports: options.reports },
      progressOn(process.stderr),
      signal,
    )
  const found = await soak(options, progressOn(process.stderr), await sampleWriter(options.csv), signal)
  const checks = verdict(found)
  console.log(printReport(found, checks))
  return checks.every(({ passed }) => passed)
}

/** Line by line, so that a run that is ended early leaves what it found. */
async function sampleWriter(csv: string | undefined): Promise<(sample: Sample) => Promise<void>> {
  if (csv === undefined) return () => Promise.resolve()
  await writeFile(csv, csvHead)
  return (sample) => appendFile(csv, csvLine(sample))
}

function parse(args: string[]): Options | 'help' {
  const { values } = parseArgs({
    args,
    options: {
      lives: { type: 'string', default: '1000' },
      model: { type: 'string' },
      crossed: { type: 'string' },
      'power-cuts': { type: 'string' },
      report: { type: 'boolean', default: false },
      time: { type: 'string' },
      parallel: { type: 'string', default: '4' },
      'kill-every': { type: 'string' },
      dir: { type: 'string', default: '/var/tmp' },
      csv: { type: 'string' },
      driver: { type: 'string', default: builtDriver },
      help: { type: 'boolean', default: false },
    },
  })
  if (values.help) return 'help'
  const { 'kill-every': killEvery, 'power-cuts': powerCuts } = values
  return {
    lives: positive('--lives', values.lives),
    timeMs: values.time === undefined ? Infinity : duration('--time', values.time),
    parallel: positive('--parallel', values.parallel),
    killEvery: killEvery === undefined ? Infinity : positive('--kill-every', killEvery),
    directory: values.dir,
    csv: values.csv,
    model: values.model === undefined ? undefined : positive('--model', values.model),
    crossed: values.crossed === undefined ? undefined : positive('--crossed', values.crossed),
    powerCuts: powerCuts === undefined ? undefined : positive('--power-cuts', powerCuts),
    reports: values.report,
    driver: resolve(values.driver),
  }
}

function duration(option: string, text: string): number {
  const milliseconds = parseDuration(text) ?? 0
  if (milliseconds > 0) return milliseconds
  throw new Error(`${option} must be a time such as 90s, 30m or 2h, not ${text}`)
}
