import type { CreateVolumeRequest } from '../csi/generated/csi/v1/CreateVolumeRequest.ts'
import type { CreateVolumeResponse } from '../csi/generated/csi/v1/CreateVolumeResponse.ts'
import { isAnswer } from '../csi/errors.ts'
import { VolumeError } from '../volumes/errors.ts'
import { volumeIdFor } from '../volumes/ids.ts'
import type { KeyedLock } from '../volumes/keyed-lock.ts'
import { nodesByRoom } from './capacity.ts'
import type { NodeDirectory } from './directory.ts'
import { ownerOfName } from './names.ts'
import { placementOf } from './placement.ts'
import { isAway, type Caller, type RemoteNode } from './remote-node.ts'

/**
 * Makes the volume on the right node: on that of its source; on the one that the CO prefers; on the one that has made it
 * before; else on that with the most room.
 *
 * @param locks two calls of one name must not both find that nobody has made it
 */
export async function createVolume(
  nodes: NodeDirectory,
  locks: KeyedLock,
  request: CreateVolumeRequest,
  caller: Caller,
): Promise<CreateVolumeResponse> {
  using _lock = await locks.acquire(request.name, caller.signal)
  const on = (node: RemoteNode): Promise<CreateVolumeResponse> =>
    node.call(caller, (client, options) => client.controller.createVolume(request, options))
  const all = nodes.all()
  const { allowed, chosen } = placementOf(all, request.accessibilityRequirements)
  const source = sourceOf(nodes, request)
  if (source) return await on(requireAllowed(source.node, allowed, source.what))
  const [first] = chosen
  if (!first) throw new VolumeError('unavailable', `accessibility_requirements: ${nobody(all)}`)
  // The id follows from the node and the name: where there is no choice, nothing has to be looked for.
  if (chosen.length === 1) return await on(first)
  const owner = await ownerOfName(
    all,
    (nodeName) => volumeIdFor(nodeName, request.name),
    (client, volumeId, options) => client.controller.controllerGetVolume({ volumeId }, options),
    caller,
  )
  if (owner && !chosen.includes(owner)) {
    const message = `name "${request.name}" is taken by a volume on node "${owner.name}", which is not among the accessibility_requirements`
    throw new VolumeError('already-exists', message)
  }
  if (owner) return await on(owner)
  return await firstWithRoom(await nodesByRoom(chosen, request, caller), on)
}

/** @throws the first node's reason when no node can have the volume */
async function firstWithRoom<T>(
  nodes: readonly { readonly node: RemoteNode }[],
  on: (node: RemoteNode) => Promise<T>,
): Promise<T> {
  const reasons: unknown[] = []
  for (const { node } of nodes) {
    try {
      return await on(node)
    } catch (error) {
      if (!isAway(error) && !isAnswer(error, 'RESOURCE_EXHAUSTED')) throw error
      reasons.push(error)
    }
  }
  throw reasons[0]
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
