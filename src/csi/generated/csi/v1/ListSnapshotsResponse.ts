// Original file: proto/csi.proto

import type { SnapshotInit as _csi_v1_SnapshotInit, Snapshot as _csi_v1_Snapshot } from '../../csi/v1/Snapshot.ts';

/**
 * One snapshot.
 */
export interface _csi_v1_ListSnapshotsResponse_EntryInit {
  'snapshot'?: (_csi_v1_SnapshotInit | null);
}

/**
 * One snapshot.
 */
export interface _csi_v1_ListSnapshotsResponse_Entry {
  'snapshot': (_csi_v1_Snapshot | null);
}

/**
 * One page.
 */
export interface ListSnapshotsResponseInit {
  'entries'?: (_csi_v1_ListSnapshotsResponse_EntryInit)[];
  /**
   * Empty on the last page.
   */
  'nextToken'?: (string);
}

/**
 * One page.
 */
export interface ListSnapshotsResponse {
  'entries': (_csi_v1_ListSnapshotsResponse_Entry)[];
  /**
   * Empty on the last page.
   */
  'nextToken': (string);
}
