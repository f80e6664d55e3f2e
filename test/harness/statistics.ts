/** What is kept of a series of measurements. */
export interface Summary {
  readonly count: number
  readonly p50: number
  readonly p99: number
}

/** @throws RangeError for an empty series */
export function summarize(samples: readonly number[]): Summary {
  return { count: samples.length, p50: percentile(samples, 50), p99: percentile(samples, 99) }
}

/**
 * By nearest rank: a value that was measured, so with fewer than 100 samples the 99th percentile is the
 * largest.
 */
export function percentile(samples: readonly number[], percent: number): number {
  const sorted = samples.toSorted((a, b) => a - b)
  const value = sorted[Math.max(0, Math.ceil((percent / 100) * sorted.length) - 1)]
  if (value === undefined) throw new RangeError('no samples')
  return value
}

/** The time that an action takes, in milliseconds. */
export async function timed(action: () => Promise<unknown>): Promise<number> {
  const start = performance.now()
  await action()
  return performance.now() - start
}
