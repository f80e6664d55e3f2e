// Original file: proto/csi.proto

import type { VolumeGroupSnapshotInit as _csi_v1_VolumeGroupSnapshotInit, VolumeGroupSnapshot as _csi_v1_VolumeGroupSnapshot } from '../../csi/v1/VolumeGroupSnapshot.ts';

/**
 * The group, new or found.
 */
export interface CreateVolumeGroupSnapshotResponseInit {
  'groupSnapshot'?: (_csi_v1_VolumeGroupSnapshotInit | null);
}

/**
 * The group, new or found.
 */
export interface CreateVolumeGroupSnapshotResponse {
  'groupSnapshot': (_csi_v1_VolumeGroupSnapshot | null);
}
