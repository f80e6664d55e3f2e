import { parseArgs } from 'node:util'
import { positive, runAsRoot } from '../../harness/command-line.ts'
import { inParallel } from '../../harness/in-parallel.ts'
import { progressOn } from '../../harness/progress.ts'
import { writeReport } from '../../harness/reliability.ts'
import { anySeed, seedOf } from '../../model/seed.ts'
import { grounds } from '../../power/power-cuts.ts'
import { randomFrom } from '../../support/random.ts'
import { ImageSet } from '../images.ts'
import { kernelNames, kernelOf, type KernelName } from '../kernels.ts'
import { Tally, planOf, type Series } from './plan.ts'
import { cutInSeries } from './series.ts'

const help = `Usage: npm run guests -- [options]

Cuts the power of whole machines: guests (npm run vm) in which a driver serves several callers, which create, write, expand,
modify, snapshot, restore, clone and delete volumes of all file systems and raw block volumes. Each answer is told to this machine,
which kills the guest at a random moment, or its next one while it recovers. Another guest then checks that nothing is lost that was
answered, nothing is back that was deleted, nothing is listed that was half made, nothing is frozen, and every file system is sound.

  --cuts <n>          how many (default 4); their disks are ext4, xfs, btrfs, and a pool image on ext4, in turn
  --kernel <name>     ${kernelNames.join(', ')}; may be given again, for these in turn (default 6.12)
  --parallel <n>      guests at a time (default 1)
  --keep <dir>        where a disk goes on which something is lost
  --report            writes what was tried into docs/reliability.md
  --help              print this

A cut takes two to three minutes on two cores. MODEL_SEED repeats the calls of a run, but not the moments of its cuts. The exit code
is 1 when something was lost.`

interface Options {
  readonly cuts: number
  readonly kernels: readonly KernelName[]
  readonly parallel: number
  readonly keep: string | undefined
  readonly reports: boolean
}

/** @returns the exit code */
export function run(args: string[]): Promise<number> {
  return runAsRoot({ name: 'guests', help, parse, work }, args)
}

async function work(options: Options, signal: AbortSignal): Promise<boolean> {
  const { cuts, keep, kernels, parallel, reports } = options
  const since = performance.now()
  const seed = seedOf(process.env, anySeed())
  console.log(`MODEL_SEED=${seed}`)
  await using images = await ImageSet.make()
  const tally = new Tally()
  const progress = progressOn(process.stderr)
  const cut = async (series: Series, index: number): Promise<void> => {
    signal.throwIfAborted()
    const own = seed + 1000 * index
    try {
      await cutInSeries({
        ...series,
        images: await images.of(series.kernel, 'amd64'),
        seed: own,
        random: randomFrom(own),
        disk: images.diskPath(`disk-${index}.img`),
        keep,
        onCut: (moment, answered) => {
          progress('power cuts', tally.count(series, moment, answered), cuts)
        },
        signal,
      })
    } catch (error) {
      throw new Error(`MODEL_SEED=${seed}, ${JSON.stringify(series)}: ${String(error)}`, { cause: error })
    }
  }
  const plan = [...planOf(cuts, kernels, grounds, parallel).entries()]
  await inParallel(plan, parallel, ([index, series]) => cut(series, index))
  console.log(`${tally.cuts} power cuts of guests, nothing lost`)
  if (reports) await writeReport('guests', since, `Seed ${seed}. ${tally.report()}`)
  return true
}

function parse(args: string[]): Options | 'help' {
  const { values } = parseArgs({
    args,
    options: {
      cuts: { type: 'string', default: '4' },
      kernel: { type: 'string', multiple: true, default: ['6.12'] },
      parallel: { type: 'string', default: '1' },
      keep: { type: 'string' },
      report: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  })
  if (values.help) return 'help'
  return {
    cuts: positive('--cuts', values.cuts),
    kernels: values.kernel.map((name) => kernelOf('--kernel', name)),
    parallel: positive('--parallel', values.parallel),
    keep: values.keep,
    reports: values.report,
  }
}
