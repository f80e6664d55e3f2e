import { createHash } from 'node:crypto'
import { VolumeError } from '../volumes/model/errors.ts'
import type { Topology } from './generated/csi/v1/Topology.ts'
import type { TopologyRequirement } from './generated/csi/v1/TopologyRequirement.ts'

/** The topology of a node and of its volumes. */
export class NodeTopology {
  readonly segments: Readonly<Record<string, string>>
  readonly #key: string
  readonly #value: string

  /** @param driverName is part of the key: `topology.<driver>/node` */
  constructor(driverName: string, nodeId: string) {
    this.#key = `topology.${driverName}/node`
    this.#value = labelValue(nodeId)
    this.segments = { [this.#key]: this.#value }
  }

  /** Whether this node is part of a topology. Keys of other drivers never match. */
  includes({ segments }: Topology): boolean {
    const entries = Object.entries(segments)
    return (
      entries.length > 0 &&
      entries.every(([key, value]) => key.toLowerCase() === this.#key && value === this.#value)
    )
  }

  /** @throws VolumeError resource-exhausted, after which the CO selects another node */
  requireWithin(requirement: TopologyRequirement | null): void {
    if (!requirement) return
    const terms = requirement.requisite.length > 0 ? requirement.requisite : requirement.preferred
    if (terms.length === 0 || terms.some((term) => this.includes(term))) return
    throw new VolumeError(
      'resource-exhausted',
      `accessibility_requirements: this node is ${this.#key}=${this.#value}, which is not among them; if the controller has called it, correct the node's name in --nodes`,
    )
  }
}

/** Node names can have 253 characters, label values 63: longer names are shortened and get a hash. */
function labelValue(nodeId: string): string {
  if (/^[A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?$/.test(nodeId)) return nodeId
  const hash = createHash('sha256').update(nodeId).digest('hex').slice(0, 12)
  return `n${nodeId.replace(/[^A-Za-z0-9._-]/g, '-').slice(0, 49)}-${hash}`
}
