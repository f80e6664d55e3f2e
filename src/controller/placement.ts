import type { Topology } from '../csi/generated/csi/v1/Topology.ts'
import type { TopologyRequirement } from '../csi/generated/csi/v1/TopologyRequirement.ts'
import type { NodeTopology } from '../csi/topology.ts'

interface Place {
  readonly topology: NodeTopology
}

/** The nodes on which a volume may be. */
export interface Placement<Node> {
  /** All of them. A copy must be on the node of its source. */
  readonly allowed: readonly Node[]
  /** Those on which a new volume may be created: the first preferred one, or all without a preference. */
  readonly chosen: readonly Node[]
}

/**
 * Reads accessibility_requirements; without any, a volume may be on any node. One topology term is one node.
 *
 * Only the first preferred term counts, although CSI lets a plugin try the others: in Kubernetes the first is
 * the node that the scheduler has selected for the pod, and with the volume on another node the pod may fit
 * on none. After RESOURCE_EXHAUSTED the scheduler selects again.
 */
export function placementOf<Node extends Place>(
  nodes: readonly Node[],
  requirement: TopologyRequirement | null,
): Placement<Node> {
  const { preferred = [], requisite = [] } = requirement ?? {}
  if (preferred.length === 0 && requisite.length === 0) return { allowed: nodes, chosen: nodes }
  const allowed = nodesOf([...preferred, ...requisite], nodes)
  return { allowed, chosen: preferred.length === 0 ? allowed : nodesOf(preferred.slice(0, 1), nodes) }
}

/** In the order of the terms, each once. */
function nodesOf<Node extends Place>(terms: readonly Topology[], nodes: readonly Node[]): Node[] {
  return [...new Set(terms.flatMap((term) => nodes.filter(({ topology }) => topology.includes(term))))]
}
