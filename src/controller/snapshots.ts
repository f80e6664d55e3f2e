import type { ControllerDefinition } from '../csi/generated/csi/v1/Controller.ts'
import type { CreateSnapshotRequest } from '../csi/generated/csi/v1/CreateSnapshotRequest.ts'
import type { ListSnapshotsRequest } from '../csi/generated/csi/v1/ListSnapshotsRequest.ts'
import type { Handlers } from '../csi/handlers.ts'
import { VolumeError } from '../volumes/model/errors.ts'
import { snapshotIdFor } from '../volumes/model/ids.ts'
import type { NodeDirectory } from './directory.ts'
import { callNodeOf, toNodeOf, unlessGone } from './forward.ts'
import { ownerOfName } from './names.ts'
import { PAGE_MS, pageAcross } from './pages.ts'
import type { Caller, RemoteNode } from './remote-node.ts'
import type { Surroundings } from './surroundings.ts'

const snapshotId = (request: { readonly snapshotId: string }): string => request.snapshotId

/** The part of CSI's Controller service that is about single snapshots. */
export function snapshotRoutes(
  nodes: NodeDirectory,
  { isGone }: Surroundings,
): Handlers<ControllerDefinition> {
  return {
    createSnapshot: async (request, signal, deadline) => {
      const caller = { signal, deadline }
      await requireNameFree(nodes, request, caller)
      return callNodeOf(nodes, request.sourceVolumeId, caller, ({ controller }, options) =>
        controller.createSnapshot(request, options),
      )
    },

    deleteSnapshot: unlessGone(
      isGone,
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

/**
 * A snapshot is on the node of its volume, so a repeated call always finds what the first one made, whether
 * the other nodes answer or not. They are asked only to refuse a name that another volume's snapshot has,
 * which is the caller's mistake: one that gives no answer is passed over.
 */
async function requireNameFree(
  nodes: NodeDirectory,
  request: CreateSnapshotRequest,
  caller: Caller,
): Promise<void> {
  const { name, sourceVolumeId } = request
  const node = nodes.of(sourceVolumeId)
  const { owner } = await ownerOfName(
    nodes.all().filter((other) => other !== node),
    (nodeName) => snapshotIdFor(nodeName, name),
    (client, snapshotId, options) => client.controller.getSnapshot({ snapshotId }, options),
    nodes.log,
    caller,
  )
  if (owner)
    throw new VolumeError('already-exists', `name "${name}" is taken by a snapshot on node "${owner.name}"`)
}

/** Filters that name a node by an id spare the others. What no node can have given out is nowhere. */
function nodesThatMatch(
  nodes: NodeDirectory,
  { snapshotId, sourceVolumeId }: ListSnapshotsRequest,
): readonly RemoteNode[] {
  const named = [snapshotId, sourceVolumeId].filter((id) => id !== '').map((id) => nodes.of(id))
  return nodes.all().filter((node) => named.every((one) => one === node))
}
