import fc from 'fast-check'
import { crossing } from './arbitraries.ts'
import type { Crossing } from './crossing.ts'
import { runCrossing } from './run.ts'
import { World, copyings, type Copying } from './world.ts'

/** A world is created again after each crossing that deviates, so shrinking is slow, and ends after this. */
const SHRINK_MS = 60_000

/** Worlds at a time. */
const LANES = 2

export interface CrossedOptions {
  readonly seed: number
  readonly runs: number
  /** Is called after each crossing. */
  readonly onRun?: () => void
  readonly signal?: AbortSignal
}

/**
 * Runs random crossings in all worlds. The same seed and number make the same ones.
 * @throws AggregateError with the seed and the shortest crossing that deviates, of each world
 */
export async function checkCrossed(options: CrossedOptions): Promise<void> {
  const runs = Math.ceil(options.runs / copyings.length)
  const waiting = [...copyings]
  const failures: Error[] = []
  const lane = async (): Promise<void> => {
    for (let copying = waiting.shift(); copying; copying = waiting.shift())
      await checkIn(copying, { ...options, runs }).catch((error: unknown) => failures.push(error as Error))
  }
  await Promise.all(Array.from({ length: LANES }, lane))
  options.signal?.throwIfAborted()
  if (failures.length > 0) throw new AggregateError(failures, failures.map(String).join('\n'))
}

async function checkIn(copying: Copying, { seed, runs, onRun, signal }: CrossedOptions): Promise<void> {
  let world = await World.make(copying)
  let failedAt: number | undefined
  let shortest: { readonly crossing: Crossing; readonly error: unknown } | undefined
  const property = fc.asyncProperty(crossing, async (crossing) => {
    if (signal?.aborted) return
    if (failedAt !== undefined && performance.now() > failedAt + SHRINK_MS) return
    try {
      await runCrossing(world, crossing)
    } catch (error) {
      failedAt ??= performance.now()
      shortest = { crossing, error }
      await world[Symbol.asyncDispose]()
      world = await World.make(copying)
      throw error
    }
    onRun?.()
  })
  try {
    await fc.check(property, { seed, numRuns: runs })
  } finally {
    await world[Symbol.asyncDispose]()
  }
  if (shortest === undefined) return
  const { crossing: found, error } = shortest
  throw new Error(`seed ${seed}, ${copying}: ${JSON.stringify(found)}: ${String(error)}`, { cause: error })
}
