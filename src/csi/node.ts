import type { LoopNode } from '../volumes/assemble.ts'
import { VolumeError } from '../volumes/model/errors.ts'
import { isEphemeral } from '../volumes/model/parameters.ts'
import type { Usage } from '../volumes/model/ports/image-files.ts'
import { publishEphemeral, unpublishDamaged, unpublishEphemeral } from '../volumes/operations/ephemeral.ts'
import { expandOnNode } from '../volumes/operations/expand.ts'
import { publishVolume, unpublishVolume } from '../volumes/operations/publish.ts'
import { stageVolume, unstageVolume } from '../volumes/operations/stage.ts'
import { measureVolume } from '../volumes/operations/stats.ts'
import type { NodeDefinition } from './generated/csi/v1/Node.ts'
import { nodeHealthHandlers } from './health.ts'
import type { Handlers } from './protocol.ts'
import { possiblePath, required, requiredPath, toAccess, toRange } from './requests.ts'
import type { NodeTopology } from './topology.ts'

export interface NodeServiceDependencies {
  readonly node: LoopNode
  readonly maxVolumes: number
  readonly topology: NodeTopology
}

const capabilities = [
  'STAGE_UNSTAGE_VOLUME',
  'GET_VOLUME_STATS',
  'EXPAND_VOLUME',
  'SINGLE_NODE_MULTI_WRITER',
  'GET_VOLUME_HEALTH',
  'GET_STORAGE_HEALTH',
] as const

/** The same on a node and on the router. */
export const nodeGetCapabilities: Required<Handlers<NodeDefinition>>['nodeGetCapabilities'] = () => ({
  capabilities: capabilities.map((type) => ({ rpc: { type } })),
})

/** CSI's Node service. */
export function nodeService({
  node,
  maxVolumes,
  topology,
}: NodeServiceDependencies): Handlers<NodeDefinition> {
  return {
    nodeGetCapabilities,

    nodeGetInfo: () => ({
      nodeId: node.nodeId,
      maxVolumesPerNode: maxVolumes,
      accessibleTopology: { segments: topology.segments },
    }),

    ...stageHandlers(node),

    ...publishHandlers(node),

    nodeGetVolumeStats: async (request, signal) => {
      const id = required('volume_id', request.volumeId)
      const path = possiblePath('volume_path', request.volumePath)
      const found = await measureVolume(node, node.catalog.findEphemeral(id)?.id ?? id, path, signal)
      if (found.type === 'block') return { usage: [{ unit: 'BYTES', total: found.totalBytes.toString() }] }
      const { bytes, inodes } = found.usage
      return { usage: [toMessage('BYTES', bytes), toMessage('INODES', inodes)] }
    },

    nodeExpandVolume: async (request, signal) => {
      const id = required('volume_id', request.volumeId)
      const path = possiblePath('volume_path', request.volumePath)
      const volume = await expandOnNode(node, id, path, toRange(request.capacityRange), signal)
      return { capacityBytes: volume.capacityBytes.toString() }
    },

    ...nodeHealthHandlers(node),
  }
}

function stageHandlers(node: LoopNode): Handlers<NodeDefinition> {
  return {
    nodeStageVolume: async (request, signal) => {
      const id = required('volume_id', request.volumeId)
      const stagingPath = requiredPath('staging_target_path', request.stagingTargetPath)
      const access = toAccess('volume_capability', request.volumeCapability)
      await stageVolume(node, id, stagingPath, access, signal)
      return {}
    },

    nodeUnstageVolume: async (request, signal) => {
      const id = required('volume_id', request.volumeId)
      const stagingPath = requiredPath('staging_target_path', request.stagingTargetPath)
      await unstageVolume(node, id, stagingPath, signal)
      return {}
    },
  }
}

function publishHandlers(node: LoopNode): Handlers<NodeDefinition> {
  return {
    nodePublishVolume: async (request, signal) => {
      const id = required('volume_id', request.volumeId)
      const targetPath = requiredPath('target_path', request.targetPath)
      const access = toAccess('volume_capability', request.volumeCapability)
      const { readonly: readOnly, volumeContext } = request
      if (isEphemeral(volumeContext)) {
        await publishEphemeral(node, id, { targetPath, access, readOnly, volumeContext }, signal)
        return {}
      }
      if (request.stagingTargetPath === '') {
        throw new VolumeError(
          'failed-precondition',
          'staging_target_path is required: volumes must be staged first',
        )
      }
      const stagingPath = requiredPath('staging_target_path', request.stagingTargetPath)
      await publishVolume(node, id, { stagingPath, targetPath, access, readOnly }, signal)
      return {}
    },

    nodeUnpublishVolume: async (request, signal) => {
      const id = required('volume_id', request.volumeId)
      const targetPath = requiredPath('target_path', request.targetPath)
      if (node.catalog.findDamagedEphemeral(id)) {
        await unpublishDamaged(node, id, targetPath, signal)
        return {}
      }
      const ephemeral = node.catalog.findEphemeral(id)
      if (ephemeral) await unpublishEphemeral(node, ephemeral, targetPath, signal)
      else await unpublishVolume(node, id, targetPath, signal)
      return {}
    },
  }
}

function toMessage(unit: 'BYTES' | 'INODES', { total, used, available }: Usage) {
  return { unit, total: total.toString(), used: used.toString(), available: available.toString() }
}
