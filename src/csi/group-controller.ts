import { VolumeError } from '../volumes/model/errors.ts'
import type { GroupSnapshot, GroupSnapshotter } from '../volumes/snapshots/group-snapshotter.ts'
import { parseSnapshotParameters } from '../volumes/model/parameters.ts'
import type { GroupControllerDefinition } from './generated/csi/v1/GroupController.ts'
import type { VolumeGroupSnapshotInit } from './generated/csi/v1/VolumeGroupSnapshot.ts'
import type { Handlers } from './handlers.ts'
import { required, requiredName } from './requests.ts'
import { toSnapshot, toTimestamp } from './snapshots.ts'
import type { NodeTopology } from './topology.ts'

export interface GroupControllerDependencies {
  readonly groupSnapshotter: GroupSnapshotter
  readonly topology: NodeTopology
}

/** What the GroupController service can do, on one node as on all. */
export const groupControllerGetCapabilities: Required<
  Handlers<GroupControllerDefinition>
>['groupControllerGetCapabilities'] = () => ({
  capabilities: [{ rpc: { type: 'CREATE_DELETE_GET_VOLUME_GROUP_SNAPSHOT' } }],
})

/** CSI's GroupController service. */
export function groupControllerService(on: GroupControllerDependencies): Handlers<GroupControllerDefinition> {
  const { groupSnapshotter, topology } = on
  const toMessage = ({ id, snapshots }: GroupSnapshot): VolumeGroupSnapshotInit => ({
    groupSnapshotId: id,
    snapshots: snapshots.map((snapshot) => toSnapshot(snapshot, topology)),
    creationTime: toTimestamp(snapshots[0]?.cutAt ?? ''),
    readyToUse: true,
  })

  return {
    groupControllerGetCapabilities,

    createVolumeGroupSnapshot: async (request, signal) => {
      const name = requiredName(request.name)
      const sources = requiredMembers(request.sourceVolumeIds)
      const parameters = parseSnapshotParameters(request.parameters)
      return { groupSnapshot: toMessage(await groupSnapshotter.create(name, sources, parameters, signal)) }
    },

    deleteVolumeGroupSnapshot: async (request, signal) => {
      await groupSnapshotter.delete(
        required('group_snapshot_id', request.groupSnapshotId),
        request.snapshotIds,
        signal,
      )
      return {}
    },

    getVolumeGroupSnapshot: (request) => {
      const id = required('group_snapshot_id', request.groupSnapshotId)
      return { groupSnapshot: toMessage(groupSnapshotter.get(id, request.snapshotIds)) }
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
