import { groupControllerGetCapabilities } from '../csi/group-controller.ts'
import type { GroupControllerDefinition } from '../csi/generated/csi/v1/GroupController.ts'
import type { Handlers } from '../csi/protocol.ts'
import { VolumeError } from '../volumes/model/errors.ts'
import { groupSnapshotIdFor } from '../volumes/model/ids.ts'
import { requireNameFree } from './ask-all.ts'
import type { ClusterContext } from './cluster-ports.ts'
import type { NodeDirectory } from './directory.ts'
import { callNodeOf, toNodeOf, unlessOnLostNode } from './forward.ts'
import type { RemoteNode } from './remote-node.ts'

const groupId = (request: { readonly groupSnapshotId: string }): string => request.groupSnapshotId

/** CSI's GroupController service. */
export function groupRoutes(
  nodes: NodeDirectory,
  { isOnLostNode }: ClusterContext,
): Handlers<GroupControllerDefinition> {
  return {
    groupControllerGetCapabilities,

    createVolumeGroupSnapshot: async (request, signal, deadline) => {
      const caller = { signal, deadline }
      const { name, sourceVolumeIds } = request
      const group = { name, node: onlyNodeOf(nodes, sourceVolumeIds), what: 'group snapshot' }
      const lookup: Parameters<typeof requireNameFree>[2] = {
        idOn: (nodeName) => groupSnapshotIdFor(nodeName, name),
        get: (client, groupSnapshotId, options) =>
          client.groupController.getVolumeGroupSnapshot({ groupSnapshotId }, options),
      }
      await requireNameFree(nodes, group, lookup, caller)
      const anId = sourceVolumeIds.find((id) => nodes.of(id)) ?? ''
      return callNodeOf(nodes, anId, caller, ({ groupController }, options) =>
        groupController.createVolumeGroupSnapshot(request, options),
      )
    },

    deleteVolumeGroupSnapshot: unlessOnLostNode(
      isOnLostNode,
      groupId,
      toNodeOf(nodes, groupId, ({ groupController }) => groupController.deleteVolumeGroupSnapshot),
    ),

    getVolumeGroupSnapshot: toNodeOf(
      nodes,
      groupId,
      ({ groupController }) => groupController.getVolumeGroupSnapshot,
    ),
  }
}

/**
 * The node of all volumes whose ids are of a node.
 * @throws VolumeError failed-precondition when there are several: all volumes of a group are frozen together,
 * which is not possible across machines
 */
function onlyNodeOf(nodes: NodeDirectory, volumeIds: readonly string[]): RemoteNode | undefined {
  const [first, ...others] = new Set(volumeIds.flatMap((id) => nodes.of(id) ?? []))
  if (others.length === 0) return first
  const where = volumeIds.map((id) => `${id} is on "${nodes.of(id)?.name ?? 'no node'}"`)
  throw new VolumeError(
    'failed-precondition',
    `source_volume_ids: a group is cut at one point in time, which is possible on one node only: ${where.join(', ')}`,
  )
}
