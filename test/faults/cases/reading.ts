import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { CsiClient } from '../../../src/csi/client.ts'
import { TestGroup, TestSnapshot } from '../../support/snapshot.ts'
import { mountCapability } from '../../support/volume.ts'
import type { Case, Cases, Play } from './case.ts'
import { kept, raw, written } from './written.ts'

/** Calls that change nothing, and so have nothing that is to be taken back. */
export const readingCases: Cases = {
  Probe: asking(({ identity }) => identity.probe({})),
  GetPluginInfo: asking(({ identity }) => identity.getPluginInfo({})),
  GetPluginCapabilities: asking(({ identity }) => identity.getPluginCapabilities({})),
  ControllerGetCapabilities: asking(({ controller }) => controller.controllerGetCapabilities({})),
  GroupControllerGetCapabilities: asking(({ groupController }) =>
    groupController.groupControllerGetCapabilities({}),
  ),
  NodeGetCapabilities: asking(({ node }) => node.nodeGetCapabilities({})),
  NodeGetInfo: asking(({ node }) => node.nodeGetInfo({})),
  NodeGetStorageHealth: asking(({ node }) => node.nodeGetStorageHealth({})),
  GetCapacity: asking(({ controller }) => controller.getCapacity({})),
  ListVolumes: asking(({ controller }) => controller.listVolumes({})),
  ListSnapshots: asking(({ controller }) => controller.listSnapshots({})),
  ControllerListVolumeHealth: asking(({ controller }) => controller.controllerListVolumeHealth({})),
  ControllerGetVolume: ofVolume(({ controller }, volumeId) => controller.controllerGetVolume({ volumeId })),
  ControllerGetVolumeHealth: ofVolume(({ controller }, volumeId) =>
    controller.controllerGetVolumeHealth({ volumeId }),
  ),
  ValidateVolumeCapabilities: ofVolume(({ controller }, volumeId) =>
    controller.validateVolumeCapabilities({ volumeId, volumeCapabilities: [mountCapability()] }),
  ),
  NodeGetVolumeStats: ofVolume(({ node }, volumeId, volumePath) =>
    node.nodeGetVolumeStats({ volumeId, volumePath }),
  ),
  NodeGetVolumeHealth: ofVolume(({ node }, volumeId, stagingTargetPath) =>
    node.nodeGetVolumeHealth({ volumeId, stagingTargetPath }),
  ),
  'NodeGetVolumeStats, of a block volume': async (world) => {
    const volume = await written(world, 'read', raw)
    const volumePath = await volume.publish()
    return unchanging(() => world.node.client.node.nodeGetVolumeStats({ volumeId: volume.id, volumePath }))
  },
  GetSnapshot: async (world) => {
    const { id: snapshotId } = await kept(world, 'origin')
    return unchanging(() => world.node.client.controller.getSnapshot({ snapshotId }))
  },
  GetVolumeGroupSnapshot: async (world) => {
    const group = await new TestGroup(world.node, 'group', [await written(world, 'origin')]).create()
    const snapshotIds = group.snapshots.map(({ snapshotId }) => snapshotId ?? '')
    const request = { groupSnapshotId: group.id, snapshotIds }
    return unchanging(() => world.node.client.groupController.getVolumeGroupSnapshot(request))
  },
  GetMetadataAllocated: async (world) => {
    const { id: snapshotId } = await kept(world, 'origin')
    return unchanging(() =>
      Array.fromAsync(world.node.client.snapshotMetadata.getMetadataAllocated({ snapshotId })),
    )
  },
  GetMetadataDelta: async (world) => {
    const volume = await written(world, 'origin')
    const base = await new TestSnapshot(world.node, 'base', volume).create()
    await writeFile(join(volume.staging, 'more'), 'x', { flush: true })
    const target = await new TestSnapshot(world.node, 'target', volume).create()
    const request = { baseSnapshotId: base.id, targetSnapshotId: target.id }
    return unchanging(() => Array.fromAsync(world.node.client.snapshotMetadata.getMetadataDelta(request)))
  },
}

function unchanging(run: Play['run']): Play {
  return { run, undo: () => Promise.resolve() }
}

function asking(call: (client: CsiClient) => Promise<unknown>): Case {
  return (world) => Promise.resolve(unchanging(() => call(world.node.client)))
}

/** Of a volume that is staged. */
function ofVolume(call: (client: CsiClient, id: string, path: string) => Promise<unknown>): Case {
  return async (world) => {
    const { id, staging } = await written(world, 'read')
    return unchanging(() => call(world.node.client, id, staging))
  }
}
