import type { CallOptions } from '../csi/client.ts'
import type { GetCapacityRequest } from '../csi/generated/csi/v1/GetCapacityRequest.ts'
import type { GetCapacityResponse } from '../csi/generated/csi/v1/GetCapacityResponse.ts'
import { VolumeError } from '../volumes/errors.ts'
import { isAway, type Caller, type RemoteNode } from './remote-node.ts'

type Question = Pick<GetCapacityRequest, 'volumeCapabilities' | 'parameters'>

interface Room {
  readonly node: RemoteNode
  readonly capacity: GetCapacityResponse
}

/**
 * What the nodes that answer have for volumes of this kind, most first.
 * @throws what a node answers when all refuse (its reason counts more than that another is away)
 */
export async function nodesByRoom(
  nodes: readonly RemoteNode[],
  { volumeCapabilities, parameters }: Question,
  caller: Caller,
): Promise<Room[]> {
  const ask = async (node: RemoteNode): Promise<Room> => {
    const request = { volumeCapabilities, parameters }
    return {
      node,
      capacity: await node.call(caller, (client, options: CallOptions) =>
        client.controller.getCapacity(request, options),
      ),
    }
  }
  const answers = await Promise.allSettled(nodes.map(ask))
  const rooms = answers.flatMap((answer) => (answer.status === 'fulfilled' ? answer.value : []))
  if (rooms.length > 0) return rooms.sort((a, b) => compare(availableIn(b), availableIn(a)))
  const reasons = answers.flatMap((answer) => (answer.status === 'rejected' ? [answer.reason as Error] : []))
  throw (
    reasons.find((reason) => !isAway(reason)) ??
    reasons[0] ??
    new VolumeError('unavailable', 'there are no nodes')
  )
}

/**
 * One node's capacity where a topology is given. Without one, all that the nodes which answer have together; the largest
 * volume is the largest that one of them can have.
 */
export async function capacityOf(
  nodes: readonly RemoteNode[],
  request: GetCapacityRequest,
  caller: Caller,
): Promise<GetCapacityResponse> {
  const { accessibleTopology } = request
  if (accessibleTopology) {
    const node = nodes.find(({ topology }) => topology.includes(accessibleTopology))
    if (!node) return { availableCapacity: '0', maximumVolumeSize: null, minimumVolumeSize: null }
    return node.call(caller, (client, options) => client.controller.getCapacity(request, options))
  }
  const rooms = await nodesByRoom(nodes, request, caller)
  const sum = rooms.reduce((bytes, room) => bytes + availableIn(room), 0n)
  const [first] = rooms
  return {
    availableCapacity: sum.toString(),
    maximumVolumeSize: first?.capacity.maximumVolumeSize ?? null,
    minimumVolumeSize: first?.capacity.minimumVolumeSize ?? null,
  }
}

function availableIn({ capacity }: Room): bigint {
  return BigInt(capacity.availableCapacity)
}

function compare(a: bigint, b: bigint): number {
  return a < b ? -1 : a > b ? 1 : 0
}
