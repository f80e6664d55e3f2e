import type { ControllerDefinition } from '../csi/generated/csi/v1/Controller.ts'
import type { GroupControllerDefinition } from '../csi/generated/csi/v1/GroupController.ts'
import type { ListSnapshotsRequest } from '../csi/generated/csi/v1/ListSnapshotsRequest.ts'
import { groupControllerGetCapabilities } from '../csi/group-controller.ts'
import type { Handlers } from '../csi/protocol.ts'
import { VolumeError } from '../volumes/model/errors.ts'
import { groupSnapshotIdFor, snapshotIdFor } from '../volumes/model/ids.ts'
import type { ClusterContext } from './cluster-ports.ts'
import type { NodeDirectory } from './directory.ts'
import { callNodeOf, PAGE_MS, pageAcross, requireNameFree, toNodeOf, unlessOnLostNode } from './forward.ts'
import type { RemoteNode } from './remote-node.ts'

const snapshotId = (request: { readonly snapshotId: string }): string => request.snapshotId

/** The snapshot RPCs of CSI's Controller service. */
export function snapshotRoutes(
  nodes: NodeDirectory,
  { isOnLostNode }: ClusterContext,
): Handlers<ControllerDefinition> {
  return {
    createSnapshot: async (request, signal, deadline) => {
      const caller = { signal, deadline }
      const { name, sourceVolumeId } = request
      const snapshot = { name, node: nodes.of(sourceVolumeId), what: 'snapshot' }
      const lookup: Parameters<typeof requireNameFree>[2] = {
        idOn: (nodeName) => snapshotIdFor(nodeName, name),
        get: (client, snapshotId, options) => client.controller.getSnapshot({ snapshotId }, options),
      }
      await requireNameFree(nodes, snapshot, lookup, caller)
      return callNodeOf(nodes, sourceVolumeId, caller, ({ controller }, options) =>
        controller.createSnapshot(request, options),
      )
    },

    deleteSnapshot: unlessOnLostNode(
      isOnLostNode,
      snapshotId,
      toNodeOf(nodes, snapshotId, ({ controller }) => controller.deleteSnapshot),
    ),

    getSnapshot: toNodeOf(nodes, snapshotId, ({ controller }) => controller.getSnapshot),

    listSnapshots: (request, signal, deadline) =>
      pageAcross(nodesThatMatch(nodes, request), request, (node, page) =>
        node.ask(
          { signal, deadline },
          ({ controller }, options) => controller.listSnapshots({ ...request, ...page }, options),
          PAGE_MS,
        ),
      ),
  }
}

/** A filter by an id needs only the node of that id, and none when it is not an id of this driver. */
function nodesThatMatch(
  nodes: NodeDirectory,
  { snapshotId, sourceVolumeId }: ListSnapshotsRequest,
): readonly RemoteNode[] {
  const named = [snapshotId, sourceVolumeId].filter((id) => id !== '').map((id) => nodes.of(id))
  return nodes.all().filter((node) => named.every((one) => one === node))
}

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
 * The node of all volumes, without ids that are not of this driver.
 * @throws VolumeError failed-precondition when there are several: all volumes of a group are frozen together,
 * which is not possible across machines
 */
function onlyNodeOf(nodes: NodeDirectory, volumeIds: readonly string[]): RemoteNode | undefined {
  const [first, ...others] = new Set(volumeIds.flatMap((id) => nodes.of(id) ?? []))
  if (others.length === 0) return first
  const where = volumeIds.map((id) => `${id} is on "${nodes.of(id)?.name ?? 'no node'}"`)
  throw new VolumeError(
    'failed-precondition',
    `source_volume_ids: a group is taken at one point in time, which is possible on one node only: ${where.join(', ')}`,
  )
}
