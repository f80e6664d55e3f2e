import type { ControllerDefinition } from '../csi/generated/csi/v1/Controller.ts'
import type { ListSnapshotsRequest } from '../csi/generated/csi/v1/ListSnapshotsRequest.ts'
import type { Handlers } from '../csi/protocol.ts'
import { snapshotIdFor } from '../volumes/model/ids.ts'
import { requireNameFree } from './ask-all.ts'
import type { ClusterContext } from './cluster-ports.ts'
import type { NodeDirectory } from './directory.ts'
import { callNodeOf, toNodeOf, unlessOnLostNode } from './forward.ts'
import { PAGE_MS, pageAcross } from './pages.ts'
import type { RemoteNode } from './remote-node.ts'

const snapshotId = (request: { readonly snapshotId: string }): string => request.snapshotId

/** The part of CSI's Controller service that is about single snapshots. */
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
