import { repairs, type Observer, type Repair, type Step } from '../volumes/model/observer.ts'
import type { OrphanedDevices } from '../volumes/operations/orphaned-devices.ts'
import { node } from './definitions.ts'
import { Metrics } from './metrics.ts'
import { addPoolMetrics, addVolumeMetrics, type PoolSources } from './pool-metrics.ts'
import { addProcessMetrics } from './process-metrics.ts'

/** The sources of a node's metrics. */
export interface NodeSources extends PoolSources {
  readonly orphanedDevices: Pick<OrphanedDevices, 'count'>
  readonly countDevices: () => Promise<{ readonly bound: number; readonly free: number }>
}

/** The metrics of the node role. */
export class NodeMonitoring {
  readonly metrics = new Metrics()
  /** Measures the steps of operations, from before the pools are opened. */
  readonly observer = stepMetrics(this.metrics)

  constructor(version: string) {
    addProcessMetrics(this.metrics, version)
  }

  /** Adds the metrics that are read from the pools, volumes and devices. */
  watch(sources: NodeSources): void {
    const { metrics } = this
    addPoolMetrics(metrics, sources)
    addVolumeMetrics(metrics, sources)
    metrics.onScrape(node.loopDevices, async () =>
      Object.entries(await sources.countDevices()).map(([state, value]) => ({ labels: { state }, value })),
    )
    metrics.onScrape(node.orphanedLoopDevices, () => [{ labels: {}, value: sources.orphanedDevices.count }])
  }
}

/** An observer that counts and measures the steps of operations. */
export function stepMetrics(metrics: Metrics): Observer {
  const duration = metrics.histogram(node.stepDuration)
  const running = metrics.gauge(node.stepsRunning)
  const repaired = metrics.counter(node.repairs)
  // rate() needs a value from before the first event, and an alert depends on every single freeze.
  for (const result of ['success', 'error']) duration.zero({ step: 'freeze', result })
  for (const kind of repairs) repaired.inc({ kind }, 0)

  return {
    async step<T>(step: Step, work: () => Promise<T>): Promise<T> {
      const start = performance.now()
      let result = 'error'
      running.inc({ step })
      try {
        const done = await work()
        result = 'success'
        return done
      } finally {
        running.dec({ step })
        duration.observe({ step, result }, (performance.now() - start) / 1000)
      }
    },

    repaired(kind: Repair, count: number): void {
      repaired.inc({ kind }, count)
    },
  }
}
