// Original file: proto/csi.proto

import type { SnapshotInit as _csi_v1_SnapshotInit, Snapshot as _csi_v1_Snapshot } from '../../csi/v1/Snapshot.ts';

/**
 * The snapshot, new or found.
 */
export interface CreateSnapshotResponseInit {
  'snapshot'?: (_csi_v1_SnapshotInit | null);
}

/**
 * The snapshot, new or found.
 */
export interface CreateSnapshotResponse {
  'snapshot': (_csi_v1_Snapshot | null);
}
