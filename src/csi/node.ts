import type { Catalog } from '../volumes/pool/catalog.ts'
import { isEphemeral } from '../volumes/model/parameters.ts'
import type { EphemeralVolumes } from '../volumes/operations/ephemeral.ts'
import type { NodeGrowth } from '../volumes/operations/growth.ts'
import type { NodeUsage } from '../volumes/operations/usage.ts'
import type { Usage } from '../volumes/model/ports.ts'
import type { Publisher } from '../volumes/operations/publisher.ts'
import type { Stager } from '../volumes/operations/stager.ts'
import { VolumeError } from '../volumes/model/errors.ts'
import type { NodeDefinition } from './generated/csi/v1/Node.ts'
import type { Handlers } from './handlers.ts'
import { nodeHealthHandlers, type NodeHealthDependencies } from './health.ts'
import { possiblePath, required, requiredPath, toAccess, toRange } from './requests.ts'
import type { NodeTopology } from './topology.ts'

export interface NodeServiceDependencies extends NodeHealthDependencies {
  readonly nodeId: string
  readonly maxVolumes: number
  readonly topology: NodeTopology
  readonly catalog: Catalog
  readonly stager: Stager
  readonly publisher: Publisher
  readonly ephemeral: EphemeralVolumes
  readonly growth: NodeGrowth
  readonly usage: NodeUsage
}

const capabilities = [
  'STAGE_UNSTAGE_VOLUME',
  'GET_VOLUME_STATS',
  'EXPAND_VOLUME',
  'SINGLE_NODE_MULTI_WRITER',
  'GET_VOLUME_HEALTH',
  'GET_STORAGE_HEALTH',
] as const

/** What the Node service of every node can do. */
export const nodeGetCapabilities: Required<Handlers<NodeDefinition>>['nodeGetCapabilities'] = () => ({
  capabilities: capabilities.map((type) => ({ rpc: { type } })),
})

/** CSI's Node service. */
export function nodeService(on: NodeServiceDependencies): Handlers<NodeDefinition> {
  return {
    nodeGetCapabilities,

    nodeGetInfo: () => ({
      nodeId: on.nodeId,
      maxVolumesPerNode: on.maxVolumes,
      accessibleTopology: { segments: on.topology.segments },
    }),

    nodeStageVolume: async (request, signal) => {
      const id = required('volume_id', request.volumeId)
      const stagingPath = requiredPath('staging_target_path', request.stagingTargetPath)
      const access = toAccess('volume_capability', request.volumeCapability)
      await on.stager.stage(id, stagingPath, access, signal)
      return {}
    },

    nodeUnstageVolume: async (request, signal) => {
      const id = required('volume_id', request.volumeId)
      await on.stager.unstage(id, requiredPath('staging_target_path', request.stagingTargetPath), signal)
      return {}
    },

    nodePublishVolume: async (request, signal) => {
      const id = required('volume_id', request.volumeId)
      const targetPath = requiredPath('target_path', request.targetPath)
      const access = toAccess('volume_capability', request.volumeCapability)
      const { readonly: readOnly, volumeContext } = request
      if (isEphemeral(volumeContext)) {
        await on.ephemeral.publish(id, { targetPath, access, readOnly, volumeContext }, signal)
        return {}
      }
      if (request.stagingTargetPath === '') {
        throw new VolumeError(
          'failed-precondition',
          'staging_target_path is required: volumes are staged first',
        )
      }
      const stagingPath = requiredPath('staging_target_path', request.stagingTargetPath)
      await on.publisher.publish(id, { stagingPath, targetPath, access, readOnly }, signal)
      return {}
    },

    nodeUnpublishVolume: async (request, signal) => {
      const id = required('volume_id', request.volumeId)
      const targetPath = requiredPath('target_path', request.targetPath)
      if (on.catalog.findDamagedEphemeral(id)) {
        await on.ephemeral.unpublishDamaged(id, targetPath, signal)
        return {}
      }
      const ephemeral = on.catalog.findEphemeral(id)
      if (ephemeral) await on.ephemeral.unpublish(ephemeral, targetPath, signal)
      else await on.publisher.unpublish(id, targetPath, signal)
      return {}
    },

    nodeGetVolumeStats: async (request, signal) => {
      const id = required('volume_id', request.volumeId)
      const path = possiblePath('volume_path', request.volumePath)
      const found = await on.usage.at(on.catalog.findEphemeral(id)?.id ?? id, path, signal)
      if (found.type === 'block') return { usage: [{ unit: 'BYTES', total: found.totalBytes.toString() }] }
      const { bytes, inodes } = found.usage
      return { usage: [toMessage('BYTES', bytes), toMessage('INODES', inodes)] }
    },

    nodeExpandVolume: async (request, signal) => {
      const id = required('volume_id', request.volumeId)
      const path = possiblePath('volume_path', request.volumePath)
      const volume = await on.growth.expand(id, path, toRange(request.capacityRange), signal)
      return { capacityBytes: volume.capacityBytes.toString() }
    },

    ...nodeHealthHandlers(on),
  }
}

function toMessage(unit: 'BYTES' | 'INODES', { total, used, available }: Usage) {
  return { unit, total: total.toString(), used: used.toString(), available: available.toString() }
}
