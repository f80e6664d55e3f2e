import type { Progress } from '../../harness/progress.ts'
import { timed } from '../../harness/statistics.ts'
import { rotated } from '../life-cycle.ts'
import type { Samples } from '../samples.ts'

/** One way to copy an image: one cell of a table. */
export interface Copyist {
  readonly column: string
  /** What has to be there before, but does not belong into the time. */
  prepare?(name: string): Promise<unknown>
  copy(name: string): Promise<unknown>
  remove?(name: string): Promise<unknown>
}

/** One row of a table: ways to make the same copy. */
export interface CopyRow {
  readonly label: string
  readonly copyists: readonly Copyist[]
}

/** The first rounds fill caches. */
const WARM_UP_ROUNDS = 2

/** One copy per cell and round, each round in another order; no two exist at the same time. */
export async function measureCopies(
  title: string,
  rows: readonly CopyRow[],
  rounds: number,
  samples: Samples,
  progress: Progress,
  signal: AbortSignal,
): Promise<void> {
  for (let round = 0; round < WARM_UP_ROUNDS + rounds; round++) {
    for (const [index, { label, copyists }] of rows.entries()) {
      for (const copyist of rotated(copyists, round)) {
        signal.throwIfAborted()
        const name = `${title}-${index}-${round}`
        await copyist.prepare?.(name)
        const time = await timed(() => copyist.copy(name))
        await copyist.remove?.(name)
        if (round >= WARM_UP_ROUNDS) samples.add(label, copyist.column, time)
      }
    }
    progress(title, round + 1, WARM_UP_ROUNDS + rounds)
  }
}
