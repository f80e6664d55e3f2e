import type { Logger } from 'pino'
import type { GetCapacityRequest } from '../csi/generated/csi/v1/GetCapacityRequest.ts'
import type { GetCapacityResponse } from '../csi/generated/csi/v1/GetCapacityResponse.ts'
import { VolumeError } from '../volumes/model/errors.ts'
import { askAll } from './ask-all.ts'
import type { NodeDirectory } from './directory.ts'
import { isAway, type Caller, type RemoteNode } from './remote-node.ts'

type Question = Pick<GetCapacityRequest, 'volumeCapabilities' | 'parameters'>

interface Room {
  readonly node: RemoteNode
  readonly capacity: GetCapacityResponse
}

/**
 * What the nodes that answer have for volumes of this kind, most first, and the nodes that give no answer.
 * @throws what a node answers when all refuse (its reason counts more than that another is away)
 */
export async function nodesByRoom(
  nodes: readonly RemoteNode[],
  { volumeCapabilities, parameters }: Question,
  log: Logger,
  caller: Caller,
): Promise<{ rooms: Room[]; silent: RemoteNode[] }> {
  const request = { volumeCapabilities, parameters }
  const { answers, silent } = await askAll(nodes, log, caller, (client, options) =>
    client.controller.getCapacity(request, options),
  )
  const rooms = answers.map(({ node, answer: capacity }) => ({ node, capacity }))
  rooms.sort((a, b) => compare(availableIn(b), availableIn(a)))
  if (rooms.length > 0) return { rooms, silent: silent.map(({ node }) => node) }
  const reasons = silent.map(({ reason }) => reason)
  throw (
    reasons.find((reason) => !isAway(reason)) ??
    reasons[0] ??
    new VolumeError('unavailable', 'there are no nodes')
  )
}

const MiB = 2n ** 20n

/**
 * Rounds down, by less than a 32nd, in steps of 64 MiB at least (1 MiB where there is less than that).
 * csi-provisioner asks every half minute and writes a CSIStorageCapacity for each change: byte-exact figures
 * change whenever a volume is written.
 *
 * @param bytes as decimal digits
 */
export function roundedDown(bytes: string): string {
  const value = BigInt(bytes)
  const step = value < 64n * MiB ? MiB : max(64n * MiB, highestPowerOfTwo(value) / 32n)
  return (value - (value % step)).toString()
}

/** The answer as csi-provisioner gets it. */
function rounded({
  availableCapacity,
  maximumVolumeSize,
  minimumVolumeSize,
}: GetCapacityResponse): GetCapacityResponse {
  return {
    availableCapacity: roundedDown(availableCapacity),
    maximumVolumeSize: maximumVolumeSize && { value: roundedDown(maximumVolumeSize.value) },
    minimumVolumeSize,
  }
}

/**
 * One node's capacity where a topology is given. Without one, all that the nodes which answer have together;
 * the largest volume is the largest that one of them can have.
 */
export async function capacityOf(
  directory: NodeDirectory,
  request: GetCapacityRequest,
  caller: Caller,
): Promise<GetCapacityResponse> {
  const nodes = directory.all()
  const { accessibleTopology } = request
  if (accessibleTopology) {
    const node = nodes.find(({ topology }) => topology.includes(accessibleTopology))
    if (!node) return { availableCapacity: '0', maximumVolumeSize: null, minimumVolumeSize: null }
    // csi-provisioner asks for one node after another: a silent one would hold up what it tells of all.
    return rounded(
      await node.ask(caller, (client, options) => client.controller.getCapacity(request, options)),
    )
  }
  const { rooms } = await nodesByRoom(nodes, request, directory.log, caller)
  const sum = rooms.reduce((bytes, room) => bytes + availableIn(room), 0n)
  const [first] = rooms
  return rounded({
    availableCapacity: sum.toString(),
    maximumVolumeSize: first?.capacity.maximumVolumeSize ?? null,
    minimumVolumeSize: first?.capacity.minimumVolumeSize ?? null,
  })
}

function highestPowerOfTwo(value: bigint): bigint {
  return 2n ** BigInt(value.toString(2).length - 1)
}

function max(a: bigint, b: bigint): bigint {
  return a > b ? a : b
}

function availableIn({ capacity }: Room): bigint {
  return BigInt(capacity.availableCapacity)
}

function compare(a: bigint, b: bigint): number {
  return a < b ? -1 : a > b ? 1 : 0
}
