// Original file: proto/csi.proto

import type { SnapshotInit as _csi_v1_SnapshotInit, Snapshot as _csi_v1_Snapshot } from '../../csi/v1/Snapshot.ts';

/**
 * The snapshot.
 */
export interface GetSnapshotResponseInit {
  'snapshot'?: (_csi_v1_SnapshotInit | null);
}

/**
 * The snapshot.
 */
export interface GetSnapshotResponse {
  'snapshot': (_csi_v1_Snapshot | null);
}
