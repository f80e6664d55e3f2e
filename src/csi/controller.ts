import { whyNot } from '../volumes/access.ts'
import type { Catalog } from '../volumes/catalog.ts'
import { VolumeError } from '../volumes/errors.ts'
import { isId } from '../volumes/ids.ts'
import { parseParameters } from '../volumes/parameters.ts'
import { specOf, type Provisioner } from '../volumes/provisioner.ts'
import type { Volume } from '../volumes/volume.ts'
import type { ControllerDefinition } from './generated/csi/v1/Controller.ts'
import type { VolumeInit } from './generated/csi/v1/Volume.ts'
import type { Handlers } from './handlers.ts'
import { required, requiredName, toAccess, toAccesses, toRange } from './requests.ts'
import type { NodeTopology } from './topology.ts'

export interface ControllerDependencies {
  readonly catalog: Catalog
  readonly provisioner: Provisioner
  readonly topology: NodeTopology
}

const capabilities = [
  'CREATE_DELETE_VOLUME',
  'LIST_VOLUMES',
  'GET_CAPACITY',
  'EXPAND_VOLUME',
  'GET_VOLUME',
  'SINGLE_NODE_MULTI_WRITER',
] as const

/** What a page has at most, so that it stays well below gRPC's 4 MiB for a message. */
const MAXIMUM_PAGE = 10_000

/** CSI's Controller service for the volumes of this node. */
export function controllerService({
  catalog,
  provisioner,
  topology,
}: ControllerDependencies): Handlers<ControllerDefinition> {
  const toMessage = (volume: Volume): VolumeInit => ({
    volumeId: volume.id,
    capacityBytes: volume.capacityBytes.toString(),
    accessibleTopology: [{ segments: topology.segments }],
  })

  return {
    controllerGetCapabilities: () => ({ capabilities: capabilities.map((type) => ({ rpc: { type } })) }),

    createVolume: async (request, signal) => {
      const name = requiredName(request.name)
      const accesses = toAccesses(request.volumeCapabilities)
      const parameters = parseParameters(request.parameters)
      refuseUnsupported(request.mutableParameters, request.volumeContentSource)
      topology.requireWithin(request.accessibilityRequirements)
      const range = toRange(request.capacityRange)
      return {
        volume: toMessage(
          await provisioner.create({ name, range, accesses, parameters, source: undefined }, signal),
        ),
      }
    },

    deleteVolume: async (request, signal) => {
      await provisioner.delete(required('volume_id', request.volumeId), signal)
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

    listVolumes: ({ maxEntries, startingToken }) => {
      if (maxEntries < 0) throw new VolumeError('invalid-argument', `max_entries ${maxEntries} is negative`)
      if (startingToken !== '' && !isId(startingToken)) {
        throw new VolumeError(
          'aborted',
          `starting_token "${startingToken}" is not one of ours; list from the start`,
        )
      }
      const size = maxEntries === 0 ? MAXIMUM_PAGE : Math.min(maxEntries, MAXIMUM_PAGE)
      const volumes = catalog.list(startingToken, size + 1)
      const page = volumes.slice(0, size)
      return {
        entries: page.map((volume) => ({ volume: toMessage(volume) })),
        nextToken: volumes.length > size ? (page.at(-1)?.id ?? '') : '',
      }
    },

    controllerGetVolume: (request) => ({
      volume: toMessage(catalog.get(required('volume_id', request.volumeId))),
      status: {},
    }),

    getCapacity: async (request) => {
      const accesses = request.volumeCapabilities.length === 0 ? [] : toAccesses(request.volumeCapabilities)
      const parameters = parseParameters(request.parameters)
      if (request.accessibleTopology && !topology.includes(request.accessibleTopology))
        return { availableCapacity: 0 }
      const available = await catalog.pool(parameters.pool).space.available(parameters.provisioning)
      const minimum = provisioner.minimumBytes(specOf({ accesses, parameters, source: undefined }))
      return {
        availableCapacity: available.toString(),
        maximumVolumeSize: { value: available.toString() },
        minimumVolumeSize: { value: minimum.toString() },
      }
    },

    controllerExpandVolume: async (request, signal) => {
      const id = required('volume_id', request.volumeId)
      if (!request.capacityRange) throw new VolumeError('invalid-argument', 'capacity_range is required')
      const volume = await provisioner.expand(id, toRange(request.capacityRange), signal)
      return {
        capacityBytes: volume.capacityBytes.toString(),
        nodeExpansionRequired: volume.accessTypes.includes('mount'),
      }
    },
  }
}

type ValidateRequest = Parameters<
  NonNullable<Handlers<ControllerDefinition>['validateVolumeCapabilities']>
>[0]

/** Validation answers "not confirmed" with a reason where creation fails. */
function whyUnsupported(
  volume: Volume,
  { volumeCapabilities, parameters }: ValidateRequest,
): string | undefined {
  try {
    parseParameters(parameters)
    const accesses = volumeCapabilities.map((capability, index) =>
      toAccess(`volume_capabilities[${index}]`, capability),
    )
    return accesses.map((access) => whyNot(volume, access)).find((reason) => reason !== undefined)
  } catch (error) {
    if (error instanceof VolumeError && error.kind === 'invalid-argument') return error.message
    throw error
  }
}

function refuseUnsupported(mutableParameters: Record<string, string>, contentSource: object | null): void {
  const [key] = Object.keys(mutableParameters)
  if (key !== undefined)
    throw new VolumeError('invalid-argument', `mutable_parameters: "${key}" is unknown; there are none`)
  if (contentSource) throw new VolumeError('invalid-argument', 'volume_content_source is not supported')
}
