import { isAnswer } from '../csi/errors.ts'
import type { CreateVolumeRequest } from '../csi/generated/csi/v1/CreateVolumeRequest.ts'
import type { CreateVolumeResponse } from '../csi/generated/csi/v1/CreateVolumeResponse.ts'
import type { Topology } from '../csi/generated/csi/v1/Topology.ts'
import type { TopologyRequirement } from '../csi/generated/csi/v1/TopologyRequirement.ts'
import type { NodeTopology } from '../csi/topology.ts'
import type { KeyedLock } from '../volumes/concurrency/keyed-lock.ts'
import { VolumeError } from '../volumes/model/errors.ts'
import { volumeIdFor } from '../volumes/model/ids.ts'
import { nodesByCapacity } from './capacity.ts'
import type { ClusterContext } from './cluster-ports.ts'
import type { NodeDirectory } from './directory.ts'
import { namesOf, ownerOfName } from './forward.ts'
import type { Caller, RemoteNode } from './remote-node.ts'

export interface Creations {
  readonly nodes: NodeDirectory
  /** Locks by name: the second of two concurrent calls must find the volume of the first. */
  readonly locks: KeyedLock
  readonly attempts: Attempts
  readonly nodesForPods: ClusterContext['nodesForPods']
}

/**
 * Creates the volume on the node of its source; on the node that the CO prefers; on the node that has created
 * it before; else on the node with the largest capacity, preferably one on which ordinary pods can be
 * scheduled.
 */
export async function createVolume(
  { nodes, locks, attempts, nodesForPods }: Creations,
  request: CreateVolumeRequest,
  caller: Caller,
): Promise<CreateVolumeResponse> {
  using _lock = await locks.acquire(request.name, caller.signal)
  const on = (node: RemoteNode): Promise<CreateVolumeResponse> =>
    attempts.on(node.name, request.name, () =>
      node.call(caller, (client, options) =>
        client.controller.createVolume(onlyOn(node.topology, request), options),
      ),
    )
  const all = nodes.all()
  const { allowed, chosen } = placementOf(all, request.accessibilityRequirements)
  const source = sourceOf(nodes, request)
  if (source) return await on(requireAllowed(source.node, allowed, source.what))
  const [first] = chosen
  if (!first) throw new VolumeError('unavailable', `accessibility_requirements: ${noneOf(all)}`)
  const tried = attempts.nodesOf(request.name)
  const isElsewhere = [...tried].some((nodeName) => nodeName !== first.name)
  // The node and the name determine the id, so with one node there is nothing to look up.
  if (chosen.length === 1 && !isElsewhere) return await on(first)
  const owner = await ownerOf(request.name, nodes, tried, caller)
  if (owner && !chosen.includes(owner)) {
    const message = `name "${request.name}" is taken by a volume on node "${owner.name}", which is not among the accessibility_requirements`
    throw new VolumeError('already-exists', message)
  }
  if (owner) return await on(owner)
  const { capacities, unreachable } = await nodesByCapacity(chosen, request, nodes.log, caller)
  // Nodes where an attempt has failed come last, because it may fail again. Before them come nodes where no
  // ordinary pod can use the volume: a control plane, or a cordoned node.
  const forPods = await nodesForPods()
  const rank = ({ name }: RemoteNode): number => 2 * +tried.has(name) + +(forPods?.has(name) === false)
  const inOrder = capacities.map(({ node }) => node).sort((a, b) => rank(a) - rank(b))
  return await firstWithCapacity(inOrder, unreachable, on)
}

/**
 * Lets a node refuse the request when it is another one than its address says (--nodes). Such a volume could
 * not be found again, because its id has the node's own name.
 */
function onlyOn({ segments }: NodeTopology, request: CreateVolumeRequest) {
  return { ...request, accessibilityRequirements: { requisite: [{ segments }], preferred: [{ segments }] } }
}

/**
 * The node that has the volume already.
 * @throws VolumeError unavailable when a node with an earlier attempt does not answer: the volume may exist
 * there, and must not be created again on another node
 */
async function ownerOf(
  name: string,
  nodes: NodeDirectory,
  tried: ReadonlySet<string>,
  caller: Caller,
): Promise<RemoteNode | undefined> {
  const all = nodes.all()
  const { owner, unreachable } = await ownerOfName(
    all,
    {
      idOn: (nodeName) => volumeIdFor(nodeName, name),
      get: (client, volumeId, options) => client.controller.controllerGetVolume({ volumeId }, options),
    },
    nodes.log,
    caller,
  )
  if (owner) return owner
  const unknown = unreachable.filter((node) => tried.has(node.name))
  if (unknown.length === 0) return undefined
  throw new VolumeError(
    'unavailable',
    `name "${name}": an earlier call may have created the volume on node ${namesOf(unknown)}, which does not answer now; repeat the call when it answers, or use another name`,
  )
}

/**
 * Tries the next node only after RESOURCE_EXHAUSTED. After any other error the volume may exist, so the
 * caller must repeat the call.
 * @throws the first node's error when no node has the capacity
 */
async function firstWithCapacity<T>(
  nodes: readonly RemoteNode[],
  unreachable: readonly RemoteNode[],
  on: (node: RemoteNode) => Promise<T>,
): Promise<T> {
  const reasons: (Error & { details: string })[] = []
  for (const node of nodes) {
    try {
      return await on(node)
    } catch (error) {
      if (!isAnswer(error, 'RESOURCE_EXHAUSTED')) throw error
      reasons.push(error)
    }
  }
  const [reason] = reasons
  if (!reason) throw new VolumeError('unavailable', 'there are no nodes')
  if (unreachable.length === 0) throw reason
  const message = `${reason.details}; nodes that do not answer were skipped: ${namesOf(unreachable)}`
  throw new VolumeError('resource-exhausted', message, { cause: reason })
}

/** The node of the volume's content source. */
function sourceOf(
  nodes: NodeDirectory,
  { volumeContentSource }: CreateVolumeRequest,
): { node: RemoteNode; what: string } | undefined {
  const snapshotId = volumeContentSource?.snapshot?.snapshotId
  const id = snapshotId ?? volumeContentSource?.volume?.volumeId ?? ''
  const node = nodes.of(id)
  return node && { node, what: `${snapshotId === undefined ? 'volume' : 'snapshot'} "${id}"` }
}

/** @throws VolumeError resource-exhausted, on which the CO tries another node */
function requireAllowed(node: RemoteNode, allowed: readonly RemoteNode[], what: string): RemoteNode {
  if (allowed.includes(node)) return node
  throw new VolumeError(
    'resource-exhausted',
    `volume_content_source: ${what} is on node "${node.name}", where its copies are created, and which is not among the accessibility_requirements`,
  )
}

function noneOf(all: readonly RemoteNode[]): string {
  return `none of the known nodes is among them (${all.map(({ name }) => name).join(', ') || 'there are none'})`
}

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
 * the node that the scheduler has selected for the pod, and with the volume on another node the pod may be
 * unschedulable. After RESOURCE_EXHAUSTED the scheduler selects again.
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

/**
 * In the order of the terms, without repetitions. csi-provisioner names all nodes, twice, so each term is
 * compared only with the nodes that have its value.
 */
function nodesOf<Node extends Place>(terms: readonly Topology[], nodes: readonly Node[]): Node[] {
  const byValue = Map.groupBy(nodes, ({ topology }) => Object.values(topology.segments)[0])
  const named = terms.flatMap((term) => {
    const candidates = byValue.get(Object.values(term.segments)[0]) ?? []
    return candidates.filter(({ topology }) => topology.includes(term))
  })
  return [...new Set(named)]
}

/** Number of latest names that are kept: about 3 MiB. */
const MAX_NAMES = 10_000

/**
 * The nodes that may have a volume of a name, because the router has called CreateVolume on them. A call
 * without an answer may have created the volume, so another node may create it only when these answer that
 * they do not have it. In memory only: see docs/decisions/0020-routing.md.
 */
export class Attempts {
  readonly #nodes = new Map<string, ReadonlySet<string>>()

  /** Creates the volume on a node, and remembers the node unless it refuses. */
  async on<T>(nodeName: string, name: string, create: () => Promise<T>): Promise<T> {
    this.#remember(name, new Set([...this.nodesOf(name), nodeName]))
    try {
      return await create()
    } catch (error) {
      if (isRefusal(error)) this.#forget(name, nodeName)
      throw error
    }
  }

  nodesOf(name: string): ReadonlySet<string> {
    return this.#nodes.get(name) ?? new Set()
  }

  #remember(name: string, nodeNames: ReadonlySet<string>): void {
    this.#nodes.delete(name)
    this.#nodes.set(name, nodeNames)
    const [oldest] = this.#nodes.keys()
    if (this.#nodes.size > MAX_NAMES && oldest !== undefined) this.#nodes.delete(oldest)
  }

  #forget(name: string, nodeName: string): void {
    const others = [...this.nodesOf(name)].filter((one) => one !== nodeName)
    if (others.length > 0) this.#nodes.set(name, new Set(others))
    else this.#nodes.delete(name)
  }
}

/** csi-provisioner assumes after these codes that the volume may exist, or may still be created. */
function isRefusal(error: unknown): boolean {
  return isAnswer(error) && !isAnswer(error, 'UNAVAILABLE', 'ABORTED', 'DEADLINE_EXCEEDED', 'CANCELLED')
}
