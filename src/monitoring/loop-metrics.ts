import { node } from './definitions.ts'
import type { Metrics } from './metrics.ts'

export interface LoopFigures {
  readonly countDevices: () => Promise<{ readonly bound: number; readonly free: number }>
  /** Devices of volumes that are gone, as of the last look. */
  readonly leaked: () => number
}

/** What a node tells of the machine's loop devices. */
export function addLoopMetrics(metrics: Metrics, { countDevices, leaked }: LoopFigures): void {
  metrics.lookup(node.loopDevices, async () =>
    Object.entries(await countDevices()).map(([state, value]) => ({ labels: { state }, value })),
  )
  metrics.lookup(node.leakedLoopDevices, () => [{ labels: {}, value: leaked() }])
}
