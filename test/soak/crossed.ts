import type { Progress } from '../harness/progress.ts'
import { checkCrossed } from '../model/crossed/check.ts'
import { anySeed, seedOf } from '../model/seed.ts'

/**
 * Holds long operations open while others run.
 * @returns true; what deviates is thrown
 */
export async function soakCrossed(runs: number, progress: Progress, signal: AbortSignal): Promise<boolean> {
  const seed = seedOf(process.env, anySeed())
  console.log(`MODEL_SEED=${seed}`)
  let done = 0
  const onRun = (): void => {
    progress('crossings', Math.min(++done, runs), runs)
  }
  await checkCrossed({ seed, runs, onRun, signal })
  console.log(`${done} crossings, no deviation`)
  return true
}
