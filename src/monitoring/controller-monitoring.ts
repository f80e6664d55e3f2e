import { controller } from './definitions.ts'
import { Metrics, type Sample } from './metrics.ts'
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
