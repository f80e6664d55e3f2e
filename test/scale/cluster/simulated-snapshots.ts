import type { ControllerDefinition } from '../../../src/csi/generated/csi/v1/Controller.ts'
import type { GroupControllerDefinition } from '../../../src/csi/generated/csi/v1/GroupController.ts'
import type { SnapshotInit } from '../../../src/csi/generated/csi/v1/Snapshot.ts'
import type { VolumeGroupSnapshotInit } from '../../../src/csi/generated/csi/v1/VolumeGroupSnapshot.ts'
import { pageOf } from '../../../src/csi/pages.ts'
import type { Handlers } from '../../../src/csi/protocol.ts'
import { VolumeError } from '../../../src/volumes/model/errors.ts'
import { groupSnapshotIdFor, snapshotIdFor, volumeIdFor } from '../../../src/volumes/model/ids.ts'
import { Listed } from './listed.ts'
import { hasSnapshot } from './shape.ts'
import { DEFAULT_BYTES, type SimulatedVolumes } from './simulated-volumes.ts'

interface SimulatedSnapshot {
  readonly id: string
  readonly sourceVolumeId: string
  readonly groupSnapshotId: string
}

const creationTime = { seconds: '1767225600', nanos: 0 }

/** The snapshots and groups of snapshots of a node, in memory only: see `SimulatedVolumes`. */
export class SimulatedSnapshots {
  readonly #nodeName: string
  readonly #volumes: SimulatedVolumes
  readonly #snapshots = new Listed<SimulatedSnapshot>()
  readonly #groups = new Map<string, readonly SimulatedSnapshot[]>()

  /** @param names of the volumes of the node, of which some have a snapshot from the beginning */
  constructor(nodeName: string, volumes: SimulatedVolumes, names: readonly string[]) {
    this.#nodeName = nodeName
    this.#volumes = volumes
    for (const name of names.filter(hasSnapshot)) this.#create(name, volumeIdFor(nodeName, name), '')
  }

  readonly handlers: Handlers<ControllerDefinition> = {
    createSnapshot: ({ name, sourceVolumeId }) => ({
      snapshot: this.#message(this.#create(name, this.#volumes.get(sourceVolumeId).id, '')),
    }),
    deleteSnapshot: ({ snapshotId }) => {
      this.#snapshots.delete(snapshotId)
      return {}
    },
    getSnapshot: ({ snapshotId }) => {
      const snapshot = this.#snapshots.get(snapshotId)
      if (!snapshot) throw new VolumeError('not-found', `snapshot "${snapshotId}" does not exist`)
      return { snapshot: this.#message(snapshot) }
    },
    // Only the filter that csi-snapshotter uses.
    listSnapshots: (request) => {
      const one = this.#snapshots.get(request.snapshotId)
      if (request.snapshotId !== '') return { entries: one ? [{ snapshot: this.#message(one) }] : [] }
      const { page, nextToken } = pageOf(request, (after, limit) => this.#snapshots.list(after, limit))
      return { entries: page.map((snapshot) => ({ snapshot: this.#message(snapshot) })), nextToken }
    },
  }

  readonly groupHandlers: Handlers<GroupControllerDefinition> = {
    createVolumeGroupSnapshot: ({ name, sourceVolumeIds }) => {
      const id = groupSnapshotIdFor(this.#nodeName, name)
      const members = sourceVolumeIds.map((source) =>
        this.#create(`${name} ${source}`, this.#volumes.get(source).id, id),
      )
      this.#groups.set(id, members)
      return { groupSnapshot: this.#groupMessage(id) }
    },
    deleteVolumeGroupSnapshot: ({ groupSnapshotId }) => {
      for (const { id } of this.#groups.get(groupSnapshotId) ?? []) this.#snapshots.delete(id)
      this.#groups.delete(groupSnapshotId)
      return {}
    },
    getVolumeGroupSnapshot: ({ groupSnapshotId }) => ({ groupSnapshot: this.#groupMessage(groupSnapshotId) }),
  }

  #create(name: string, sourceVolumeId: string, groupSnapshotId: string): SimulatedSnapshot {
    const snapshot = { id: snapshotIdFor(this.#nodeName, name), sourceVolumeId, groupSnapshotId }
    this.#snapshots.set(snapshot)
    return snapshot
  }

  #message({ id, sourceVolumeId, groupSnapshotId }: SimulatedSnapshot): SnapshotInit {
    const accessibleTopology = [{ segments: this.#volumes.topology.segments }]
    const fixed = { sizeBytes: DEFAULT_BYTES, readyToUse: true, creationTime, accessibleTopology }
    return { snapshotId: id, sourceVolumeId, groupSnapshotId, ...fixed }
  }

  /** @throws VolumeError not-found */
  #groupMessage(groupSnapshotId: string): VolumeGroupSnapshotInit {
    const members = this.#groups.get(groupSnapshotId)
    if (!members) throw new VolumeError('not-found', `group "${groupSnapshotId}" does not exist`)
    const snapshots = members.map((member) => this.#message(member))
    return { groupSnapshotId, snapshots, readyToUse: true, creationTime }
  }
}
