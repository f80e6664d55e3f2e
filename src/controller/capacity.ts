import type { Logger } from 'pino'
import type { GetCapacityRequest } from '../csi/generated/csi/v1/GetCapacityRequest.ts'
import type { GetCapacityResponse } from '../csi/generated/csi/v1/GetCapacityResponse.ts'
import { larger } from '../volumes/model/bytes.ts'
import { VolumeError } from '../volumes/model/errors.ts'
import type { NodeDirectory } from './directory.ts'
import { askAll } from './forward.ts'
import { isUnreachable, type Caller, type RemoteNode } from './remote-node.ts'

type Question = Pick<GetCapacityRequest, 'volumeCapabilities' | 'parameters'>

interface NodeCapacity {
  readonly node: RemoteNode
  readonly capacity: GetCapacityResponse
}

/**
 * The capacities of the nodes that answer, largest first, and the nodes that do not answer.
 * @throws the error of a node when none answers, preferably a refusal instead of an unreachable node
 */
export async function nodesByCapacity(
  nodes: readonly RemoteNode[],
  { volumeCapabilities, parameters }: Question,
  log: Logger,
  caller: Caller,
): Promise<{ capacities: NodeCapacity[]; unreachable: RemoteNode[] }> {
  const request = { volumeCapabilities, parameters }
  const { answers, unreachable } = await askAll(nodes, log, caller, (client, options) =>
    client.controller.getCapacity(request, options),
  )
  const capacities = answers.map(({ node, answer: capacity }) => ({ node, capacity }))
  capacities.sort((a, b) => compare(availableIn(b), availableIn(a)))
  if (capacities.length > 0) return { capacities, unreachable: unreachable.map(({ node }) => node) }
  const reasons = unreachable.map(({ reason }) => reason)
  throw (
    reasons.find((reason) => !isUnreachable(reason)) ??
    reasons[0] ??
    new VolumeError('unavailable', 'there are no nodes')
  )
}

const MiB = 2n ** 20n

/**
 * Rounds down to a multiple of at most 1/32 of the value, but at least 64 MiB (1 MiB below 64 MiB).
 * csi-provisioner calls GetCapacity every 30 s and writes a CSIStorageCapacity for each change, and exact
 * sizes change whenever a volume is written.
 * @param bytes as decimal digits
 */
export function roundedDown(bytes: string): string {
  const value = BigInt(bytes)
  const step = value < 64n * MiB ? MiB : larger(64n * MiB, highestPowerOfTwo(value) / 32n)
  return (value - (value % step)).toString()
}

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
 * The capacity of the node of a topology. Without a topology, the sum over the nodes that answer, with the
 * largest volume that one of them can have.
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
    // csi-provisioner calls for one node after another: one that does not answer must not delay the others.
    return rounded(
      await node.ask(caller, (client, options) => client.controller.getCapacity(request, options)),
    )
  }
  const { capacities } = await nodesByCapacity(nodes, request, directory.log, caller)
  const sum = capacities.reduce((bytes, one) => bytes + availableIn(one), 0n)
  const [first] = capacities
  return rounded({
    availableCapacity: sum.toString(),
    maximumVolumeSize: first?.capacity.maximumVolumeSize ?? null,
    minimumVolumeSize: first?.capacity.minimumVolumeSize ?? null,
  })
}

function highestPowerOfTwo(value: bigint): bigint {
  return 2n ** BigInt(value.toString(2).length - 1)
}

function availableIn({ capacity }: NodeCapacity): bigint {
  return BigInt(capacity.availableCapacity)
}

function compare(a: bigint, b: bigint): number {
  return a < b ? -1 : a > b ? 1 : 0
}
