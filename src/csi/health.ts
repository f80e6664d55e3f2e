import type { LoopNode } from '../volumes/assemble.ts'
import type { StorageIssue, VolumeIssue } from '../volumes/issues/catalogue.ts'
import type { VolumeStatus } from '../volumes/issues/issue-kind.ts'
import type { ControllerDefinition } from './generated/csi/v1/Controller.ts'
import type { NodeDefinition } from './generated/csi/v1/Node.ts'
import type { VolumeHealthInit } from './generated/csi/v1/VolumeHealth.ts'
import type { Handlers } from './protocol.ts'
import { pageOf } from './pages.ts'
import { required, requiredPath } from './requests.ts'

/** The health RPCs of CSI's Controller service: of the volumes' records and images. */
export function controllerHealthHandlers({
  catalog,
  volumeHealth,
}: Pick<LoopNode, 'catalog' | 'volumeHealth'>): Handlers<ControllerDefinition> {
  return {
    controllerGetVolumeHealth: async (request) => {
      const id = required('volume_id', request.volumeId)
      return { volumeHealth: toMessage(id, await volumeHealth.onDisk(id)) }
    },

    controllerListVolumeHealth: async (request) => {
      const { page, nextToken } = pageOf(request, (after, limit) => catalog.listIds(after, limit))
      const issues = await volumeHealth.ofMany(page.map(({ id }) => id))
      return { entries: [...issues].map(([id, issues]) => toMessage(id, issues)), nextToken }
    },
  }
}

/** The health RPCs of CSI's Node service: of a volume's devices and mounts, and of the pools. */
export function nodeHealthHandlers({
  catalog,
  volumeHealth,
  storageHealth,
}: Pick<LoopNode, 'catalog' | 'volumeHealth' | 'storageHealth'>): Handlers<NodeDefinition> {
  return {
    nodeGetVolumeHealth: async (request, signal) => {
      const id = required('volume_id', request.volumeId)
      const stagingPath = optionalPath('staging_target_path', request.stagingTargetPath)
      const publishPath = optionalPath('volume_publish_path', request.volumePublishPath)
      const issues = await volumeHealth.onNode(
        catalog.findEphemeral(id)?.id ?? id,
        { stagingPath, publishPath },
        signal,
      )
      return { volumeHealth: toMessage(id, issues) }
    },

    nodeGetStorageHealth: async () => ({
      backendHealth: (await storageHealth.issues()).map(toStorageMessage),
    }),
  }
}

const volumeStatus = {
  degraded: 'DEGRADED',
  inaccessible: 'INACCESSIBLE',
  'data-loss': 'DATA_LOSS',
} as const satisfies Record<VolumeStatus, string>

const storageStatus = {
  degraded: 'STORAGE_DEGRADED',
  unreachable: 'STORAGE_UNREACHABLE',
} as const satisfies Record<StorageIssue['status'], string>

function toMessage(volumeId: string, issues: readonly VolumeIssue[]): VolumeHealthInit {
  return {
    volumeId,
    healthStatuses: issues.map(({ status, reason, message }) => ({
      status: volumeStatus[status],
      reason,
      message,
    })),
  }
}

function toStorageMessage({ status, reason, message }: StorageIssue) {
  return { status: storageStatus[status], reason, message }
}

function optionalPath(field: string, path: string): string | undefined {
  return path === '' ? undefined : requiredPath(field, path)
}
