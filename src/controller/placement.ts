import type { Topology } from '../csi/generated/csi/v1/Topology.ts'
import type { TopologyRequirement } from '../csi/generated/csi/v1/TopologyRequirement.ts'
import type { NodeTopology } from '../csi/topology.ts'

/** What is to be known of a node to say whether a volume may be on it. */
interface Place {
  readonly topology: NodeTopology
}

/** The nodes on which a volume may be. */
export interface Placement<Node> {
  /** Those that the CO prefers, best first. */
  readonly preferred: readonly Node[]
  /** The others, of which none is better than another. */
  readonly others: readonly Node[]
}

/** Reads accessibility_requirements; without any, a volume may be anywhere. A node is named by one topology term. */
export function placementOf<Node extends Place>(
  nodes: readonly Node[],
  requirement: TopologyRequirement | null,
): Placement<Node> {
  const { preferred = [], requisite = [] } = requirement ?? {}
  if (preferred.length === 0 && requisite.length === 0) return { preferred: [], others: nodes }
  const first = nodesOf(preferred, nodes)
  return { preferred: first, others: nodesOf(requisite, nodes).filter((node) => !first.includes(node)) }
}

/** In the order of the terms, each once. */
function nodesOf<Node extends Place>(terms: readonly Topology[], nodes: readonly Node[]): Node[] {
  return [...new Set(terms.flatMap((term) => nodes.filter(({ topology }) => topology.includes(term))))]
}
