import { isAnswer } from '../../../src/csi/errors.ts'
import type { Progress } from '../../harness/progress.ts'
import { summarize, type Summary } from '../../harness/statistics.ts'
import type { SimulatedCluster } from '../cluster/simulated-cluster.ts'
import { calls, type MeasuredCall } from './calls.ts'
import { subjectOf, type Subject } from './subject.ts'

/** A call without an answer until then hangs. The chart gives sidecars five times as long. */
const PATIENCE_MS = 60_000

/** Each round has to wait for nodes that do not answer. */
const MAX_ROUNDS = 10

/** What became of a call while some nodes are in trouble. */
export interface TroubledCall {
  readonly call: MeasuredCall
  /** In milliseconds, of answers and refusals. */
  readonly latency: Summary
  readonly answered: number
  /** Answered with UNAVAILABLE, by lists. */
  readonly unavailable: number
}

/**
 * Makes all calls for nodes that are well while others are slow, mute, stopped or away.
 * @throws Error when a call hangs, or fails although it does not need those nodes
 */
export async function callBesideTroubles(
  cluster: SimulatedCluster,
  rounds: number,
  progress: Progress,
  signal: AbortSignal,
): Promise<TroubledCall[]> {
  await using router = await cluster.startRouter('0')
  const well = cluster.behaviours.flatMap((behaviour, index) => (behaviour === 'well' ? index : []))
  const subject = subjectOf(router.client, cluster.shape, 'troubled', well)
  const found: TroubledCall[] = []
  for (const [index, call] of calls.entries()) {
    found.push(await callAgainAndAgain(call, subject, Math.min(rounds, MAX_ROUNDS), signal))
    progress('calls beside nodes in trouble', index + 1, calls.length)
  }
  return found
}

async function callAgainAndAgain(
  call: MeasuredCall,
  subject: Subject,
  rounds: number,
  signal: AbortSignal,
): Promise<TroubledCall> {
  const times: number[] = []
  let unavailable = 0
  for (let round = 0; round < rounds; round++) {
    signal.throwIfAborted()
    const start = performance.now()
    if (!(await answers(call, subject, round))) unavailable++
    times.push(performance.now() - start)
  }
  return { call, latency: summarize(times), answered: rounds - unavailable, unavailable }
}

/** @returns false when it was refused because a node is unreachable, which it needs */
async function answers({ name, call, needsAllNodes }: MeasuredCall, subject: Subject, round: number) {
  const hung = Promise.withResolvers<never>()
  const timer = setTimeout(() => {
    hung.reject(new Error(`it has no answer within ${PATIENCE_MS / 1000} s`))
  }, PATIENCE_MS)
  try {
    await Promise.race([call(subject, round), hung.promise])
    return true
  } catch (error) {
    if (needsAllNodes && isAnswer(error, 'UNAVAILABLE')) return false
    throw new Error(`${name}, beside nodes in trouble: ${String(error)}`, { cause: error })
  } finally {
    clearTimeout(timer)
  }
}
