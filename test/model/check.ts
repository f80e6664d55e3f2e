import fc from 'fast-check'
import { TestNode } from '../support/driver.ts'
import { sequence } from './arbitraries.ts'
import { runSequence } from './sequence.ts'
import type { Step } from './operations.ts'

/** A driver is restarted after each sequence that deviates, so shrinking is slow, and ends after this. */
const SHRINK_MS = 60_000

/** Sequences at a time, each on a node of its own. */
const NODES = 2

export interface ModelOptions {
  readonly seed: number
  readonly runs: number
  /** Is called after each sequence. */
  readonly onRun?: () => void
  readonly signal?: AbortSignal
}

/**
 * Runs random sequences, some at a time. The same seed and number make the same ones.
 * @throws Error with the seed and the shortest sequence that deviates; AggregateError of several
 */
export async function checkModel(options: ModelOptions): Promise<void> {
  const runs = Math.ceil(options.runs / NODES)
  const nodes = Array.from({ length: NODES }, (_, index) =>
    checkOnNode({ ...options, runs, seed: options.seed + index }),
  )
  const failures = (await Promise.allSettled(nodes)).flatMap((result) =>
    result.status === 'rejected' ? [result.reason as Error] : [],
  )
  if (failures.length > 0) throw new AggregateError(failures, failures.map(String).join('\n'))
}

/** All on one driver. The first sequence that deviates is made shorter for a while. */
async function checkOnNode({ seed, runs, onRun, signal }: ModelOptions): Promise<void> {
  let node = await TestNode.start()
  let failedAt: number | undefined
  let shortest: { readonly steps: Step[]; readonly error: unknown } | undefined
  const property = fc.asyncProperty(sequence, async (steps) => {
    if (signal?.aborted) return
    if (failedAt !== undefined && performance.now() > failedAt + SHRINK_MS) return
    try {
      await runSequence(node, steps)
    } catch (error) {
      failedAt ??= performance.now()
      shortest = { steps, error }
      await node[Symbol.asyncDispose]()
      node = await TestNode.start()
      throw error
    }
    onRun?.()
  })
  try {
    await fc.check(property, { seed, numRuns: runs })
  } finally {
    await node[Symbol.asyncDispose]()
  }
  signal?.throwIfAborted()
  if (shortest === undefined) return
  const { steps, error } = shortest
  throw new Error(`seed ${seed}: ${JSON.stringify(steps)}: ${String(error)}`, { cause: error })
}
