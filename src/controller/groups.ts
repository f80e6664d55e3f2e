import { groupControllerGetCapabilities } from '../csi/group-controller.ts'
import type { GroupControllerDefinition } from '../csi/generated/csi/v1/GroupController.ts'
import type { Handlers } from '../csi/handlers.ts'
import { VolumeError } from '../volumes/model/errors.ts'
import { groupSnapshotIdFor } from '../volumes/model/ids.ts'
import type { NodeDirectory } from './directory.ts'
import { callNodeOf, toNodeOf, unlessGone } from './forward.ts'
import { ownerOfName } from './names.ts'
import type { Caller, RemoteNode } from './remote-node.ts'
import type { Surroundings } from './surroundings.ts'

const groupId = (request: { readonly groupSnapshotId: string }): string => request.groupSnapshotId

/** CSI's GroupController service. */
export function groupRoutes(
  nodes: NodeDirectory,
  { isGone }: Surroundings,
): Handlers<GroupControllerDefinition> {
  return {
    groupControllerGetCapabilities,

    createVolumeGroupSnapshot: async (request, signal, deadline) => {
      const caller = { signal, deadline }
      const { name, sourceVolumeIds } = request
      const node = oneNodeOf(nodes, sourceVolumeIds)
      await requireNameFree(nodes, name, node, caller)
      return callNodeOf(nodes, ofNode(nodes, sourceVolumeIds), caller, ({ groupController }, options) =>
        groupController.createVolumeGroupSnapshot(request, options),
      )
    },

    deleteVolumeGroupSnapshot: unlessGone(
      isGone,
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
 * The node that has all the volumes, as far as their ids are a node's.
 * @throws VolumeError failed-precondition when they are on several: a group is cut at one point in time, for
 * which its volumes are held up together, and that cannot be had across machines
 */
function oneNodeOf(nodes: NodeDirectory, volumeIds: readonly string[]): RemoteNode | undefined {
  const [first, ...others] = new Set(volumeIds.flatMap((id) => nodes.of(id) ?? []))
  if (others.length === 0) return first
  const where = volumeIds.map((id) => `${id} is on "${nodes.of(id)?.name ?? 'no node'}"`)
  throw new VolumeError(
    'failed-precondition',
    `source_volume_ids: a group is cut at one point in time, which is possible on one node only: ${where.join(', ')}`,
  )
}

/** An id by which the node is found, if any of them is a node's. */
function ofNode(nodes: NodeDirectory, volumeIds: readonly string[]): string {
  return volumeIds.find((id) => nodes.of(id)) ?? ''
}

/**
 * As for snapshots: a group is on the node of its volumes, and others are asked only to refuse a name that is
 * taken there.
 */
async function requireNameFree(
  nodes: NodeDirectory,
  name: string,
  node: RemoteNode | undefined,
  caller: Caller,
): Promise<void> {
  const { owner } = await ownerOfName(
    nodes.all().filter((other) => other !== node),
    (nodeName) => groupSnapshotIdFor(nodeName, name),
    (client, groupSnapshotId, options) =>
      client.groupController.getVolumeGroupSnapshot({ groupSnapshotId }, options),
    nodes.log,
    caller,
  )
  if (owner)
    throw new VolumeError(
      'already-exists',
      `name "${name}" is taken by a group snapshot on node "${owner.name}"`,
    )
}
