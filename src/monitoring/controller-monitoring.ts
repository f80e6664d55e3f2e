import { controller } from './definitions.ts'
import { Metrics, type Sample } from './metrics.ts'
import { addProcessMetrics } from './process-metrics.ts'

/** What the comparison of nodes and cluster has come to. */
export interface ClusterFigures {
  /** The node of each volume that has no PersistentVolume. */
  readonly orphans: readonly { readonly node: { readonly name: string } }[]
  /** The volumes whose node no longer exists. */
  readonly lost: readonly { readonly nodeName: string | undefined }[]
  readonly deletedOrphans: number
  readonly releasedClaims: number
}

/** All figures of the controller role. */
export class ControllerMonitoring {
  readonly metrics = new Metrics()

  constructor(version: string) {
    addProcessMetrics(this.metrics, version)
  }

  /** @param figures undefined in a replica that does not lead */
  watch(figures: () => ClusterFigures | undefined): void {
    const one = (value: number | undefined): Sample[] => (value === undefined ? [] : [{ labels: {}, value }])
    const perNode = (names: readonly string[]): Sample[] =>
      [...Map.groupBy(names, (name) => name)].map(([node, { length }]) => ({
        labels: { node },
        value: length,
      }))
    this.metrics.lookup(controller.leader, () => one(figures() ? 1 : 0))
    this.metrics.lookup(controller.orphans, () =>
      perNode(figures()?.orphans.map(({ node }) => node.name) ?? []),
    )
    this.metrics.lookup(controller.lost, () =>
      perNode(figures()?.lost.map(({ nodeName = '' }) => nodeName) ?? []),
    )
    this.metrics.lookup(controller.deletedOrphans, () => one(figures()?.deletedOrphans))
    this.metrics.lookup(controller.releasedClaims, () => one(figures()?.releasedClaims))
  }
}
