// Original file: proto/csi.proto

import type { SnapshotInit as _csi_v1_SnapshotInit, Snapshot as _csi_v1_Snapshot } from '../../csi/v1/Snapshot.ts';
import type { TimestampInit as _google_protobuf_TimestampInit, Timestamp as _google_protobuf_Timestamp } from '../../google/protobuf/Timestamp.ts';

/**
 * Snapshots of one moment.
 */
export interface VolumeGroupSnapshotInit {
  'groupSnapshotId'?: (string);
  /**
   * Each carries this group's id.
   */
  'snapshots'?: (_csi_v1_SnapshotInit)[];
  'creationTime'?: (_google_protobuf_TimestampInit | null);
  /**
   * Only when every one of them is.
   */
  'readyToUse'?: (boolean);
}

/**
 * Snapshots of one moment.
 */
export interface VolumeGroupSnapshot {
  'groupSnapshotId': (string);
  /**
   * Each carries this group's id.
   */
  'snapshots': (_csi_v1_Snapshot)[];
  'creationTime': (_google_protobuf_Timestamp | null);
  /**
   * Only when every one of them is.
   */
  'readyToUse': (boolean);
}
