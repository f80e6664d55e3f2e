import { messageOf } from '../../../src/volumes/model/errors.ts'
import type { Progress } from '../../harness/progress.ts'
import type { WorldOptions } from '../support/world.ts'
import { FullPoolFindings } from './findings.ts'
import { planOf } from './plan.ts'
import { runRound } from './round.ts'

/**
 * Fills the disk of a thin pool while databases write to its volumes, in one round after the other.
 * @returns what was tried. @throws Error for the first database that is corrupt, or has lost something
 */
export async function tryFullPools(
  rounds: number,
  seed: number,
  options: WorldOptions,
  progress: Progress,
): Promise<FullPoolFindings> {
  const findings = new FullPoolFindings()
  for (const round of planOf(seed, rounds)) {
    options.signal.throwIfAborted()
    try {
      await runRound(options, round, findings)
    } catch (error) {
      throw new Error(`round ${JSON.stringify(round)}: ${messageOf(error)}`, { cause: error })
    }
    progress('rounds with a full pool', round.number + 1, rounds)
  }
  return findings
}
