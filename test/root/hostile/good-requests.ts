import { blockCapability, mountCapability, MiB, type TestVolume } from '../../support/volume.ts'
import type { Message } from './fields.ts'

const NO_SNAPSHOT = '00000000-00000000000000000000000000000000'

/** Of the volume: enough for xfs, which grows in use also where root lacks CAP_SYS_RESOURCE. */
export const BYTES = 320 * MiB

/**
 * A request for each method that has fields, about a volume that is staged and published. Nothing but what
 * the methods that make something make is new after them.
 */
export function goodRequests(volume: TestVolume, snapshotId: string): Readonly<Record<string, Message>> {
  const volumeId = volume.id
  const volumeCapability = mountCapability('', { mountFlags: ['noatime'] })
  const stagingTargetPath = volume.staging
  const published = { volumeId, stagingTargetPath, targetPath: volume.target() }
  const capacityRange = { requiredBytes: `${BYTES}` }
  return {
    'Controller.CreateVolume': {
      name: 'made',
      capacityRange: { requiredBytes: `${32 * MiB}` },
      volumeCapabilities: [volumeCapability],
      parameters: { pool: 'default', fsType: 'ext4' },
      mutableParameters: { provisioning: 'thin' },
    },
    // In use, and so it stays.
    'Controller.DeleteVolume': { volumeId },
    'Controller.ValidateVolumeCapabilities': { volumeId, volumeCapabilities: [blockCapability()] },
    'Controller.CreateSnapshot': { name: 'made', sourceVolumeId: volumeId },
    'Controller.DeleteSnapshot': { snapshotId: NO_SNAPSHOT },
    'Controller.ControllerExpandVolume': { volumeId, capacityRange },
    'Controller.ControllerModifyVolume': { volumeId, mutableParameters: { provisioning: 'thin' } },
    'Controller.ControllerGetVolume': { volumeId },
    'Controller.ControllerGetVolumeHealth': { volumeId },
    'Controller.GetSnapshot': { snapshotId },
    'GroupController.CreateVolumeGroupSnapshot': { name: 'made', sourceVolumeIds: [volumeId] },
    'GroupController.DeleteVolumeGroupSnapshot': { groupSnapshotId: NO_SNAPSHOT },
    'GroupController.GetVolumeGroupSnapshot': { groupSnapshotId: NO_SNAPSHOT },
    'SnapshotMetadata.GetMetadataAllocated': { snapshotId },
    'SnapshotMetadata.GetMetadataDelta': { baseSnapshotId: snapshotId, targetSnapshotId: snapshotId },
    'Node.NodeStageVolume': { volumeId, stagingTargetPath, volumeCapability },
    'Node.NodePublishVolume': { ...published, volumeCapability },
    // Not there, so that the volume stays as it is where other fields are evil.
    'Node.NodeUnstageVolume': { volumeId, stagingTargetPath: `${stagingTargetPath}-of-another` },
    'Node.NodeUnpublishVolume': { volumeId, targetPath: `${volume.target()}-of-another` },
    'Node.NodeGetVolumeStats': { volumeId, volumePath: volume.target() },
    'Node.NodeGetVolumeHealth': { volumeId, volumePath: volume.target() },
    'Node.NodeExpandVolume': { volumeId, volumePath: volume.target(), capacityRange },
  }
}
