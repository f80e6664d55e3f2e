import { repairs, type Observer, type Repair, type Step } from '../volumes/model/observer.ts'
import type { OrphanedDevices } from '../volumes/operations/orphaned-devices.ts'
import { controller, node } from './definitions.ts'
import { Metrics, type Sample } from './metrics.ts'
import { addPoolMetrics, addVolumeMetrics, type PoolSources } from './pool-metrics.ts'
import { addProcessMetrics } from './process-metrics.ts'

/** Results of one reconciliation of nodes and PersistentVolumes. */
export interface ClusterFindings {
  /** The node of each volume that has no PersistentVolume. */
  readonly orphanedVolumes: readonly { readonly node: { readonly name: string } }[]
  /** The volumes whose node no longer exists. */
  readonly volumesOfLostNodes: readonly { readonly nodeName: string | undefined }[]
  readonly deletedOrphans: number
  readonly releasedClaims: number
}

/** The metrics of the controller role. */
export class ControllerMonitoring {
  readonly metrics = new Metrics()

  constructor(version: string) {
    addProcessMetrics(this.metrics, version)
  }

  /** @param findings undefined unless this replica is the leader */
  watch(findings: () => ClusterFindings | undefined): void {
    const one = (value: number | undefined): Sample[] => (value === undefined ? [] : [{ labels: {}, value }])
    const perNode = (names: readonly string[]): Sample[] =>
      [...Map.groupBy(names, (name) => name)].map(([node, { length }]) => ({
        labels: { node },
        value: length,
      }))
    this.metrics.onScrape(controller.leader, () => one(findings() ? 1 : 0))
    this.metrics.onScrape(controller.orphanedVolumes, () =>
      perNode(findings()?.orphanedVolumes.map(({ node }) => node.name) ?? []),
    )
    this.metrics.onScrape(controller.lostVolumes, () =>
      perNode(findings()?.volumesOfLostNodes.map(({ nodeName = '' }) => nodeName) ?? []),
    )
    this.metrics.onScrape(controller.deletedOrphans, () => one(findings()?.deletedOrphans))
    this.metrics.onScrape(controller.releasedClaims, () => one(findings()?.releasedClaims))
  }
}

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
