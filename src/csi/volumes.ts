import { type ContentSource, type Volume, incompatibility } from '../volumes/model/volume.ts'
import type { LoopNode } from '../volumes/assemble.ts'
import { VolumeError } from '../volumes/model/errors.ts'
import { availableBytes, minimumBytes } from '../volumes/operations/capacity.ts'
import { createVolume, specOf } from '../volumes/operations/create.ts'
import { deleteVolume } from '../volumes/operations/delete.ts'
import { expandVolume } from '../volumes/operations/expand.ts'
import { modifyVolume } from '../volumes/operations/modify.ts'
import { CLUSTER_UID_LABEL, parseMutableParameters, parseParameters } from '../volumes/model/parameters.ts'
import type { ControllerDefinition } from './generated/csi/v1/Controller.ts'
import type { GetCapacityRequest } from './generated/csi/v1/GetCapacityRequest.ts'
import type { GetCapacityResponseInit } from './generated/csi/v1/GetCapacityResponse.ts'
import type { VolumeInit } from './generated/csi/v1/Volume.ts'
import type { VolumeContentSource, VolumeContentSourceInit } from './generated/csi/v1/VolumeContentSource.ts'
import type { Handlers } from './protocol.ts'
import { pageOf } from './pages.ts'
import { required, requiredName, toAccesses, toRange } from './requests.ts'
import type { NodeTopology } from './topology.ts'

export interface ControllerDependencies {
  readonly node: LoopNode
  readonly topology: NodeTopology
}

/** The volume RPCs of CSI's Controller service. */
export function volumeHandlers({ node, topology }: ControllerDependencies): Handlers<ControllerDefinition> {
  const { catalog } = node
  const toMessage = (volume: Volume): VolumeInit => toVolumeMessage(volume, topology)
  return {
    createVolume: async (request, signal) => {
      const name = requiredName(request.name)
      const accesses = toAccesses(request.volumeCapabilities)
      const parameters = parseParameters(request.parameters, request.mutableParameters)
      const source = toSource(request.volumeContentSource)
      topology.requireWithin(request.accessibilityRequirements)
      const range = toRange(request.capacityRange)
      return {
        volume: toMessage(await createVolume(node, { name, range, accesses, parameters, source }, signal)),
      }
    },

    deleteVolume: async (request, signal) => {
      await deleteVolume(node, required('volume_id', request.volumeId), signal)
      return {}
    },

    validateVolumeCapabilities: (request) => {
      const volume = catalog.get(required('volume_id', request.volumeId))
      if (request.volumeCapabilities.length === 0) toAccesses([])
      const reason = whyUnsupported(volume, request)
      if (reason !== undefined) return { message: reason }
      const { volumeContext, volumeCapabilities, parameters, mutableParameters } = request
      return { confirmed: { volumeContext, volumeCapabilities, parameters, mutableParameters } }
    },

    listVolumes: (request) => {
      catalog.requireAll()
      const { page, nextToken } = pageOf(request, (after, limit) => catalog.list(after, limit))
      return { entries: page.map((volume) => ({ volume: toMessage(volume) })), nextToken }
    },

    controllerGetVolume: (request) => ({
      volume: toMessage(catalog.get(required('volume_id', request.volumeId))),
      status: {},
    }),

    getCapacity: (request) => capacityOf(node, topology, request),

    ...changeHandlers(node),
  }
}

/** The RPCs that change existing volumes. */
function changeHandlers(node: LoopNode): Handlers<ControllerDefinition> {
  return {
    controllerExpandVolume: async (request, signal) => {
      const id = required('volume_id', request.volumeId)
      if (!request.capacityRange) throw new VolumeError('invalid-argument', 'capacity_range is required')
      const volume = await expandVolume(node, id, toRange(request.capacityRange), signal)
      return {
        capacityBytes: volume.capacityBytes.toString(),
        nodeExpansionRequired: volume.accessTypes.includes('mount'),
      }
    },

    controllerModifyVolume: async (request, signal) => {
      const id = required('volume_id', request.volumeId)
      await modifyVolume(node, id, parseMutableParameters(request.mutableParameters), signal)
      return {}
    },
  }
}

async function capacityOf(
  node: LoopNode,
  topology: NodeTopology,
  request: GetCapacityRequest,
): Promise<GetCapacityResponseInit> {
  const accesses = request.volumeCapabilities.length === 0 ? [] : toAccesses(request.volumeCapabilities)
  const parameters = parseParameters(request.parameters)
  if (request.accessibleTopology && !topology.includes(request.accessibleTopology))
    return { availableCapacity: 0 }
  const available = await availableBytes(node, parameters)
  const minimum = minimumBytes(node, specOf({ accesses, parameters, source: undefined }))
  return {
    availableCapacity: available.toString(),
    maximumVolumeSize: { value: available.toString() },
    minimumVolumeSize: { value: minimum.toString() },
  }
}

function toVolumeMessage(volume: Volume, { segments }: NodeTopology): VolumeInit {
  return {
    volumeId: volume.id,
    capacityBytes: volume.capacityBytes.toString(),
    accessibleTopology: [{ segments }],
    volumeContext: contextOf(volume),
    ...(volume.contentSource && { contentSource: toSourceMessage(volume.contentSource) }),
  }
}

/** By this the router recognizes volumes that an earlier cluster has left on the disk. */
function contextOf({ labels }: Volume): Record<string, string> {
  const clusterUid = labels[CLUSTER_UID_LABEL]
  return clusterUid === undefined ? {} : { clusterUid }
}

/** @throws VolumeError invalid-argument when neither a snapshot nor a volume is named */
function toSource(source: VolumeContentSource | null): ContentSource | undefined {
  if (!source) return undefined
  if (source.snapshot) {
    return {
      type: 'snapshot',
      id: required('volume_content_source.snapshot.snapshot_id', source.snapshot.snapshotId),
    }
  }
  const id = source.volume?.volumeId ?? ''
  return { type: 'volume', id: required('volume_content_source.volume.volume_id', id) }
}

function toSourceMessage({ type, id }: ContentSource): VolumeContentSourceInit {
  return type === 'snapshot' ? { snapshot: { snapshotId: id } } : { volume: { volumeId: id } }
}

type ValidateRequest = Parameters<
  NonNullable<Handlers<ControllerDefinition>['validateVolumeCapabilities']>
>[0]

/** Why the volume does not support the capabilities, where CreateVolume would fail; undefined if it does. */
function whyUnsupported(volume: Volume, request: ValidateRequest): string | undefined {
  try {
    parseParameters(request.parameters, request.mutableParameters)
    const accesses = toAccesses(request.volumeCapabilities)
    return accesses.map((access) => incompatibility(volume, access)).find((reason) => reason !== undefined)
  } catch (error) {
    if (error instanceof VolumeError && error.kind === 'invalid-argument') return error.message
    throw error
  }
}
