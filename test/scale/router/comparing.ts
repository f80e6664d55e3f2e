import { peakBytes } from '../../harness/process-figures.ts'
import type { Progress } from '../../harness/progress.ts'
import { timed } from '../../harness/statistics.ts'
import type { SimulatedCluster } from '../cluster/simulated-cluster.ts'
import { calls } from './calls.ts'
import { subjectOf } from './subject.ts'

/** One after another, so that nearly always one is under way. */
const PAUSE = '1s'

/** The memory of a router is steady after the second. */
const COMPARISONS = 3

/** What a router takes that compares its nodes with the PersistentVolumes. */
export interface Comparing {
  /** From the end of reading all PersistentVolumes to the next such end, with the pause of a second. */
  readonly comparisonMs: number
  readonly peakBytes: number
  /** The most memory while also all calls are made, as many at the same time as the sidecars make. */
  readonly busyPeakBytes: number
}

/** Lets a router of the cluster compare without a pause, then be called by many at the same time as well. */
export async function compare(
  cluster: SimulatedCluster,
  progress: Progress,
  signal: AbortSignal,
): Promise<Comparing> {
  await using router = await cluster.startRouter(PAUSE)
  await cluster.compared(1, signal)
  const ms = await timed(() => cluster.compared(COMPARISONS, signal))
  const idle = await peakBytes(router.pid)
  const subject = subjectOf(router.client, cluster.shape, 'busy')
  for (const [index, { call, atOnce }] of calls.entries()) {
    signal.throwIfAborted()
    await Promise.all(Array.from({ length: atOnce }, (_, round) => call(subject, round)))
    progress('calls at the same time', index + 1, calls.length)
  }
  await cluster.compared(1, signal)
  const busyPeakBytes = await peakBytes(router.pid)
  return { comparisonMs: ms / COMPARISONS, peakBytes: idle, busyPeakBytes }
}
