import type { CreateVolumeRequest } from '../csi/generated/csi/v1/CreateVolumeRequest.ts'
import type { CreateVolumeResponse } from '../csi/generated/csi/v1/CreateVolumeResponse.ts'
import { isAnswer } from '../csi/errors.ts'
import { VolumeError } from '../volumes/model/errors.ts'
import { volumeIdFor } from '../volumes/model/ids.ts'
import type { KeyedLock } from '../volumes/concurrency/keyed-lock.ts'
import { namesOf } from './ask-all.ts'
import type { Attempts } from './attempts.ts'
import { nodesByRoom } from './capacity.ts'
import type { NodeDirectory } from './directory.ts'
import { ownerOfName } from './names.ts'
import { placementOf } from './placement.ts'
import type { Surroundings } from './surroundings.ts'
import type { Caller, RemoteNode } from './remote-node.ts'

export interface Creations {
  readonly nodes: NodeDirectory
  /** Two calls of one name must not both find that there is no such volume yet. */
  readonly locks: KeyedLock
  readonly attempts: Attempts
  readonly nodesForPods: Surroundings['nodesForPods']
}

/**
 * Makes the volume on the right node: on that of its source; on the one that the CO prefers; on the one that
 * has made it before; else on that with the most room, of those on which ordinary pods can be scheduled if
 * any of them has room.
 */
export async function createVolume(
  { nodes, locks, attempts, nodesForPods }: Creations,
  request: CreateVolumeRequest,
  caller: Caller,
): Promise<CreateVolumeResponse> {
  using _lock = await locks.acquire(request.name, caller.signal)
  const on = (node: RemoteNode): Promise<CreateVolumeResponse> =>
    attempts.on(node.name, request.name, () =>
      node.call(caller, (client, options) => client.controller.createVolume(request, options)),
    )
  const all = nodes.all()
  const { allowed, chosen } = placementOf(all, request.accessibilityRequirements)
  const source = sourceOf(nodes, request)
  if (source) return await on(requireAllowed(source.node, allowed, source.what))
  const [first] = chosen
  if (!first) throw new VolumeError('unavailable', `accessibility_requirements: ${nobody(all)}`)
  const tried = attempts.nodesOf(request.name)
  const isElsewhere = [...tried].some((nodeName) => nodeName !== first.name)
  // The id follows from the node and the name: where there is no choice, nothing has to be looked for.
  if (chosen.length === 1 && !isElsewhere) return await on(first)
  const owner = await ownerOf(request.name, nodes, tried, caller)
  if (owner && !chosen.includes(owner)) {
    const message = `name "${request.name}" is taken by a volume on node "${owner.name}", which is not among the accessibility_requirements`
    throw new VolumeError('already-exists', message)
  }
  if (owner) return await on(owner)
  const { rooms, silent } = await nodesByRoom(chosen, request, nodes.log, caller)
  // One that has failed before may fail again for a reason of its own, so it comes last.
  // Before that come those on which no ordinary pod can use the volume: a control plane, or a cordoned node.
  const forPods = await nodesForPods()
  const rank = ({ name }: RemoteNode): number => 2 * +tried.has(name) + +(forPods?.has(name) === false)
  const inOrder = rooms.map(({ node }) => node).sort((a, b) => rank(a) - rank(b))
  return await firstWithRoom(inOrder, silent, on)
}

/**
 * The node that has the volume already.
 * @throws VolumeError unavailable when a node that was told to make it gives no answer: the volume may be
 * there, and must not be made a second time elsewhere
 */
async function ownerOf(
  name: string,
  nodes: NodeDirectory,
  tried: ReadonlySet<string>,
  caller: Caller,
): Promise<RemoteNode | undefined> {
  const all = nodes.all()
  const { owner, silent } = await ownerOfName(
    all,
    (nodeName) => volumeIdFor(nodeName, name),
    (client, volumeId, options) => client.controller.controllerGetVolume({ volumeId }, options),
    nodes.log,
    caller,
  )
  if (owner) return owner
  const unknown = silent.filter((node) => tried.has(node.name))
  if (unknown.length === 0) return undefined
  throw new VolumeError(
    'unavailable',
    `name "${name}": an earlier call may have made the volume on node ${namesOf(unknown)}, which gives no answer now; repeat the call when it answers, or ask for a volume of a new name`,
  )
}

/**
 * Goes on to the next node only when one has no room. Any other failure is the caller's to repeat, for the
 * volume may have been made all the same.
 * @throws the first node's reason when no node has room
 */
async function firstWithRoom<T>(
  nodes: readonly RemoteNode[],
  silent: readonly RemoteNode[],
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
  if (silent.length === 0) throw reason
  const message = `${reason.details}; nodes that give no answer were passed over: ${namesOf(silent)}`
  throw new VolumeError('resource-exhausted', message, { cause: reason })
}

/** The node of what the volume is to be a copy of. */
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
    `volume_content_source: ${what} is on node "${node.name}", where its copies are made too, and which is not among the accessibility_requirements`,
  )
}

function nobody(all: readonly RemoteNode[]): string {
  return `none of the nodes that are known is among them (${all.map(({ name }) => name).join(', ') || 'there are none'})`
}
