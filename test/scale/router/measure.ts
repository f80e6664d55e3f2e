import { rotated } from '../../bench/life-cycle.ts'
import type { DriverProcess } from '../../harness/driver-process.ts'
import { peakBytes, resetPeak } from '../../harness/process-figures.ts'
import type { Progress } from '../../harness/progress.ts'
import { summarize, timed, type Summary } from '../../harness/statistics.ts'
import { calls, type MeasuredCall } from './calls.ts'
import type { Subject } from './subject.ts'

/** The first calls connect to nodes, load code and fill caches. */
const WARM_UP_ROUNDS = 3

/** A router whose calls are measured. */
export interface Contender {
  /** What its figures are of. */
  readonly name: string
  readonly router: DriverProcess
  readonly subject: Subject
}

/** Of one call to one router. */
export interface Figures {
  /** In milliseconds. */
  readonly latency: Summary
  /** The most memory that the router has had meanwhile. */
  readonly peakBytes: number
}

/** What was measured of a call, by the names of the contenders. */
export interface CallFigures {
  readonly call: MeasuredCall
  readonly figures: ReadonlyMap<string, Figures>
}

/**
 * Makes each call so many times to each router, in turns and each round in another order: what else the
 * machine does hits all routers alike.
 */
export async function measureCalls(
  contenders: readonly Contender[],
  rounds: number,
  progress: Progress,
  signal: AbortSignal,
): Promise<CallFigures[]> {
  const found: CallFigures[] = []
  for (const [index, call] of calls.entries()) {
    found.push(await measureCall(call, contenders, rounds, signal))
    progress('calls', index + 1, calls.length)
  }
  return found
}

async function measureCall(
  call: MeasuredCall,
  contenders: readonly Contender[],
  rounds: number,
  signal: AbortSignal,
): Promise<CallFigures> {
  for (const { router } of contenders) await resetPeak(router.pid)
  const times = new Map(contenders.map(({ name }): [string, number[]] => [name, []]))
  for (let round = 0; round < WARM_UP_ROUNDS + rounds; round++) {
    for (const { name, subject } of rotated(contenders, round)) {
      signal.throwIfAborted()
      const time = await timed(() => call.call(subject, round))
      if (round >= WARM_UP_ROUNDS) times.get(name)?.push(time)
    }
  }
  const figures = new Map<string, Figures>()
  for (const { name, router } of contenders) {
    const latency = summarize(times.get(name) ?? [])
    figures.set(name, { latency, peakBytes: await peakBytes(router.pid) })
  }
  return { call, figures }
}
