import { mkdtemp, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Progress } from '../harness/progress.ts'
import { anySeed, seedOf } from '../model/seed.ts'
import { checkPowerCuts, grounds } from '../power/power-cuts.ts'

/** Of one workload: enough to come near each of its calls. */
const CUTS_OF_A_WORKLOAD = 40
const SEQUENCES = 6

/**
 * Cuts the power below drivers that work.
 * @param parent a directory on a disk, for the disks
 * @returns true; what is lost is thrown
 */
export async function soakPowerCuts(
  cuts: number,
  parent: string,
  progress: Progress,
  signal: AbortSignal,
): Promise<boolean> {
  const firstSeed = seedOf(process.env, anySeed())
  console.log(`MODEL_SEED=${firstSeed}`)
  let done = 0
  for (let workload = 0; done < cuts; workload++) {
    const seed = firstSeed + Math.floor(workload / grounds.length)
    const ground = grounds[workload % grounds.length]
    if (!ground) throw new Error('there are no disks')
    const directory = await mkdtemp(join(parent, 'power-cuts-'))
    try {
      const before = done
      done += await checkPowerCuts({
        ...ground,
        seed,
        sequences: SEQUENCES,
        cuts: Math.min(CUTS_OF_A_WORKLOAD, cuts - done),
        directory,
        onCut: (tried) => {
          progress('power cuts', before + tried, cuts)
        },
        signal,
      })
    } catch (error) {
      throw new Error(`MODEL_SEED=${seed}, ${JSON.stringify(ground)}: ${String(error)}`, { cause: error })
    } finally {
      await rm(directory, { recursive: true, force: true })
    }
  }
  console.log(`${done} power cuts, nothing lost`)
  return true
}
