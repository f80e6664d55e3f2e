import type { Topology } from '../csi/generated/csi/v1/Topology.ts'
import type { TopologyRequirement } from '../csi/generated/csi/v1/TopologyRequirement.ts'
import type { NodeTopology } from '../csi/topology.ts'

/** What is to be known of a node to say whether a volume may be on it. */
interface Place {
  readonly topology: NodeTopology
}

/** The nodes on which a volume may be. */
export interface Placement<Node> {
  /** All of them; a copy is on that one which has its source. */
  readonly allowed: readonly Node[]
  /**
   * Those of them on which a new volume is made: the first that the CO prefers, or, without preference, any.
   */
  readonly chosen: readonly Node[]
}

/**
 * Reads accessibility_requirements; without any, a volume may be anywhere. A node is named by one topology
 * term.
 *
 * Only the first preference counts. CSI would have us try the others, but in Kubernetes the first is the node
 * on which the scheduler has found room for a pod. Elsewhere the volume could leave the pod without any node,
 * for other volumes and affinities tie it down; told that there is no room, the scheduler chooses again, and
 * knows better by then.
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
