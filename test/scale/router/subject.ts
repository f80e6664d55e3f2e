import type { CsiClient } from '../../../src/csi/client.ts'
import type { TopologyInit } from '../../../src/csi/generated/csi/v1/Topology.ts'
import { NodeTopology } from '../../../src/csi/topology.ts'
import { DRIVER, nameOfNode, type Shape } from '../cluster/shape.ts'

/** A cluster as its callers know it, and what they have created in it, by round. */
export interface Subject {
  readonly client: CsiClient
  /** Unique among those who have called this cluster, for names. */
  readonly prefix: string
  /** Of each node. */
  readonly topologies: readonly TopologyInit[]
  /** The indexes of the nodes that are chosen for new volumes. */
  readonly chosenNodes: readonly number[]
  readonly volumeIds: string[]
  readonly snapshotIds: string[]
  readonly groups: Group[]
}

export interface Group {
  readonly groupSnapshotId: string
  readonly snapshotIds: string[]
}

/** @param chosenNodes the indexes of the nodes for new volumes; all by default */
export function subjectOf(
  client: CsiClient,
  { nodes }: Shape,
  prefix: string,
  chosenNodes: readonly number[] = [...Array(nodes).keys()],
): Subject {
  const topologies = Array.from({ length: nodes }, (_, index) => ({
    segments: new NodeTopology(DRIVER, nameOfNode(index)).segments,
  }))
  return { client, prefix, topologies, chosenNodes, volumeIds: [], snapshotIds: [], groups: [] }
}

/** The index of the node that is chosen for a new volume. */
export function chosenNode({ chosenNodes }: Subject, round: number): number {
  return chosenNodes[round % chosenNodes.length] ?? 0
}

/** All nodes, beginning with this one. */
export function topologiesFrom({ topologies }: Subject, node: number): TopologyInit[] {
  return [...topologies.slice(node), ...topologies.slice(0, node)]
}
