import { inParallel } from '../harness/in-parallel.ts'
import type { Progress } from '../harness/progress.ts'
import { timed } from '../harness/statistics.ts'
import { stepLabels, type Contender, type Life, type Step } from './contender.ts'
import { rotated } from './life-cycle.ts'
import { Samples, type Table } from './samples.ts'

const CALLS = 64

/** Small, so that another driver's pool has room for all of them. */
const VOLUME_BYTES = 64n << 20n

/** The calls that many pods at once make. */
const crowded = ['create', 'stage', 'unstage', 'delete'] as const satisfies readonly Step[]

/** Each contender is first, and last, equally often. */
const ROUNDS = 4

/**
 * The same calls one after the other, and all at once; then their wall time is divided by their number. One
 * contender after the other, so that none has the mounts of another beside its own.
 */
export async function atOnce(
  contenders: readonly Contender[],
  progress: Progress,
  signal: AbortSignal,
): Promise<Table> {
  const samples = new Samples()
  for (let round = 0; round < ROUNDS; round++) {
    for (const contender of rotated(contenders, round)) {
      await oneByOne(contender, await gather(contender, `single-${round}`), samples, signal)
      await together(contender, await gather(contender, `crowd-${round}`), samples, signal)
    }
    progress(`rounds of ${CALLS} calls`, round + 1, ROUNDS)
  }
  return {
    title: `${CALLS} calls one by one, and at once: time per call`,
    unit: 'ms',
    columns: contenders.map(({ name }) => name),
    rows: samples.rows(),
  }
}

function gather(contender: Contender, prefix: string): Promise<Life[]> {
  const names = Array.from({ length: CALLS }, (_, index) => `${prefix}-${index}`)
  return Promise.all(names.map((name) => contender.begin(name, VOLUME_BYTES)))
}

async function oneByOne(
  { name }: Contender,
  lives: readonly Life[],
  samples: Samples,
  signal: AbortSignal,
): Promise<void> {
  for (const step of crowded) {
    for (const life of lives) {
      signal.throwIfAborted()
      await life.prepare?.(step)
      samples.add(`${stepLabels[step]}, one by one`, name, await timed(() => life[step]()))
    }
  }
}

async function together(
  { name }: Contender,
  lives: readonly Life[],
  samples: Samples,
  signal: AbortSignal,
): Promise<void> {
  for (const step of crowded) {
    signal.throwIfAborted()
    await inParallel(lives, CALLS, async (life) => life.prepare?.(step))
    const wall = await timed(() => inParallel(lives, CALLS, (life) => life[step]()))
    samples.add(`${stepLabels[step]}, at once`, name, wall / CALLS)
  }
}
