import type { Progress } from '../harness/progress.ts'
import { timed } from '../harness/statistics.ts'
import { stepLabels, steps, wholeLife, type Contender, type Step } from './contender.ts'
import { Samples, type Table } from './samples.ts'

const VOLUME_BYTES = 1n << 30n

/** The first lives load code and fill caches; a driver that runs for months has that behind it. */
const WARM_UP_ROUNDS = 3

/**
 * One life per contender and round, each round in another order: whatever else the machine does hits all
 * columns alike.
 */
export async function lifeCycle(
  contenders: readonly Contender[],
  rounds: number,
  progress: Progress,
  signal: AbortSignal,
): Promise<Table> {
  const samples = new Samples()
  for (let round = 0; round < WARM_UP_ROUNDS + rounds; round++) {
    for (const contender of rotated(contenders, round)) {
      const times = await live(contender, `life-${round}`, signal)
      if (round < WARM_UP_ROUNDS) continue
      for (const [step, time] of times) samples.add(stepLabels[step], contender.name, time)
      const whole = wholeLife.reduce((sum, step) => sum + (times.get(step) ?? 0), 0)
      samples.add('a whole life', contender.name, whole)
    }
    progress('lives', round + 1, WARM_UP_ROUNDS + rounds)
  }
  return {
    title: 'One volume at a time',
    unit: 'ms',
    columns: contenders.map(({ name }) => name),
    rows: samples.rows(),
  }
}

export function rotated<T>(items: readonly T[], by: number): T[] {
  const start = by % items.length
  return [...items.slice(start), ...items.slice(0, start)]
}

async function live(contender: Contender, name: string, signal: AbortSignal): Promise<Map<Step, number>> {
  const life = await contender.begin(name, VOLUME_BYTES)
  const times = new Map<Step, number>()
  for (const step of steps) {
    signal.throwIfAborted()
    await life.prepare?.(step)
    times.set(step, await timed(async () => life[step]?.()))
    if (!life[step]) times.delete(step)
    if (step === 'stageFormatted') {
      await life.prepare?.('unstage')
      await life.unstage()
    }
  }
  return times
}
