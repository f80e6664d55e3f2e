import { stepLabels, type Contender, type Life, type Step } from './contender.ts'
import { inParallel } from './in-parallel.ts'
import type { Progress } from './progress.ts'
import { Samples, type Table } from './samples.ts'
import { timed } from './statistics.ts'

const CALLS = 64

/** The calls that many pods at once make. */
const crowded = ['create', 'stage', 'unstage', 'delete'] as const satisfies readonly Step[]

/** How many of the calls run at a time. */
const manners = [
  ['one by one', 1],
  ['at once', CALLS],
] as const

/** The same calls one after the other and all at once: wall time divided by their number. */
export async function atOnce(
  contenders: readonly Contender[],
  progress: Progress,
  signal: AbortSignal,
): Promise<Table> {
  const samples = new Samples()
  let done = 0
  for (const [manner, width] of manners) {
    for (const contender of contenders) {
      const names = Array.from({ length: CALLS }, (_, index) => `crowd-${width}-${index}`)
      const lives: Life[] = await Promise.all(names.map((name) => contender.begin(name)))
      for (const step of crowded) {
        await inParallel(lives, width, async (life) => life.prepare?.(step))
        const time = await timed(() =>
          inParallel(lives, width, async (life) => {
            signal.throwIfAborted()
            await life[step]()
          }),
        )
        samples.add(`${stepLabels[step]}, ${manner}`, contender.name, time / CALLS)
      }
      progress(`rounds of ${CALLS} calls`, ++done, manners.length * contenders.length)
    }
  }
  return {
    title: `${CALLS} calls, one by one and at once: wall time per call`,
    unit: 'ms',
    columns: contenders.map(({ name }) => name),
    rows: samples.rows().sort((a, b) => a.label.localeCompare(b.label)),
  }
}
