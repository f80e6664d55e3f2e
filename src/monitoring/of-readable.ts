import type { Pool } from '../volumes/pool/pool.ts'
import type { Sample } from './metrics.ts'

/**
 * The figures of all pools whose disk can be asked. One that cannot be measured is left out, and said to be
 * wrong by `csi_driver_loop_pool_problem`: an error here would take all other figures with it, that one too.
 */
export async function ofReadable(
  pools: readonly Pool[],
  samplesOf: (pool: Pool) => Promise<Iterable<Sample>>,
): Promise<Iterable<Sample>> {
  const results = await Promise.allSettled(pools.map(samplesOf))
  return concatenated(results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : [])))
}

function* concatenated(parts: readonly Iterable<Sample>[]): Generator<Sample> {
  for (const part of parts) yield* part
}
