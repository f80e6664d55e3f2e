import { VolumeError } from '../volumes/model/errors.ts'
import { createGroup, deleteGroup, getGroup, type GroupSnapshot } from '../volumes/snapshots/groups.ts'
import { parseSnapshotParameters } from '../volumes/model/parameters.ts'
import type { GroupControllerDefinition } from './generated/csi/v1/GroupController.ts'
import type { VolumeGroupSnapshotInit } from './generated/csi/v1/VolumeGroupSnapshot.ts'
import type { Handlers } from './protocol.ts'
import { required, requiredName } from './requests.ts'
import { toSnapshot, toTimestamp } from './snapshots.ts'
import type { ControllerDependencies } from './volumes.ts'

/** The same on a node and on the router. */
export const groupControllerGetCapabilities: Required<
  Handlers<GroupControllerDefinition>
>['groupControllerGetCapabilities'] = () => ({
  capabilities: [{ rpc: { type: 'CREATE_DELETE_GET_VOLUME_GROUP_SNAPSHOT' } }],
})

/** CSI's GroupController service. */
export function groupControllerService({
  node,
  topology,
}: ControllerDependencies): Handlers<GroupControllerDefinition> {
  const toMessage = ({ id, snapshots }: GroupSnapshot): VolumeGroupSnapshotInit => ({
    groupSnapshotId: id,
    snapshots: snapshots.map((snapshot) => toSnapshot(snapshot, topology)),
    creationTime: toTimestamp(snapshots[0]?.pointInTime ?? ''),
    readyToUse: true,
  })

  return {
    groupControllerGetCapabilities,

    createVolumeGroupSnapshot: async (request, signal) => {
      const name = requiredName(request.name)
      const sources = requiredMembers(request.sourceVolumeIds)
      const parameters = parseSnapshotParameters(request.parameters)
      return { groupSnapshot: toMessage(await createGroup(node, name, sources, parameters, signal)) }
    },

    deleteVolumeGroupSnapshot: async (request, signal) => {
      await deleteGroup(
        node,
        required('group_snapshot_id', request.groupSnapshotId),
        request.snapshotIds,
        signal,
      )
      return {}
    },

    getVolumeGroupSnapshot: (request) => {
      const id = required('group_snapshot_id', request.groupSnapshotId)
      return { groupSnapshot: toMessage(getGroup(node, id, request.snapshotIds)) }
    },
  }
}

function requiredMembers(ids: readonly string[]): readonly string[] {
  if (ids.length === 0) throw new VolumeError('invalid-argument', 'source_volume_ids is required')
  const twice = ids.find((id, index) => ids.indexOf(id) !== index)
  if (twice !== undefined)
    throw new VolumeError('invalid-argument', `source_volume_ids names "${twice}" twice`)
  return ids
}
