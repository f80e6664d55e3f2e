import { inParallel } from '../harness/in-parallel.ts'
import type { Progress } from '../harness/progress.ts'
import { timed } from '../harness/statistics.ts'
import { stepLabels, type Contender, type Life, type Step } from './contender.ts'
import { Samples, type Table } from './samples.ts'

const CALLS = 64

/** Small, so that another driver's pool has room for all of them. */
const VOLUME_BYTES = 64n << 20n

/** The calls that many pods at once make. */
const crowded = ['create', 'stage', 'unstage', 'delete'] as const satisfies readonly Step[]

interface Crowd {
  readonly name: string
  readonly lives: readonly Life[]
}

/** The same calls one after the other, and all at once; then their wall time is divided by their number. */
export async function atOnce(
  contenders: readonly Contender[],
  progress: Progress,
  signal: AbortSignal,
): Promise<Table> {
  const samples = new Samples()
  const single = await Promise.all(contenders.map((contender) => gather(contender, 'single')))
  const crowds = await Promise.all(contenders.map((contender) => gather(contender, 'crowd')))
  for (const [index, step] of crowded.entries()) {
    const label = stepLabels[step]
    for (let call = 0; call < CALLS; call++) {
      for (const { name, lives } of single) {
        signal.throwIfAborted()
        const life = lives[call]
        await life?.prepare?.(step)
        samples.add(`${label}, one by one`, name, await timed(async () => life?.[step]()))
      }
    }
    for (const { name, lives } of crowds) {
      signal.throwIfAborted()
      await inParallel(lives, CALLS, async (life) => life.prepare?.(step))
      const wall = await timed(() => inParallel(lives, CALLS, (life) => life[step]()))
      samples.add(`${label}, at once`, name, wall / CALLS)
    }
    progress(`rounds of ${CALLS} calls`, index + 1, crowded.length)
  }
  return {
    title: `${CALLS} calls one by one, and at once: time per call`,
    unit: 'ms',
    columns: contenders.map(({ name }) => name),
    rows: samples.rows(),
  }
}

async function gather(contender: Contender, prefix: string): Promise<Crowd> {
  const names = Array.from({ length: CALLS }, (_, index) => `${prefix}-${index}`)
  return {
    name: contender.name,
    lives: await Promise.all(names.map((name) => contender.begin(name, VOLUME_BYTES))),
  }
}
