import type { Progress } from '../harness/progress.ts'
import { checkModel } from '../model/check.ts'
import { anySeed, seedOf } from '../model/seed.ts'

/**
 * Compares random calls with the model of CSI.
 * @returns true; what deviates is thrown
 */
export async function soakModel(runs: number, progress: Progress, signal: AbortSignal): Promise<boolean> {
  const seed = seedOf(process.env, anySeed())
  console.log(`MODEL_SEED=${seed}`)
  let done = 0
  const onRun = (): void => {
    progress('sequences', Math.min(++done, runs), runs)
  }
  await checkModel({ seed, runs, onRun, signal })
  console.log(`${done} sequences, no deviation`)
  return true
}
