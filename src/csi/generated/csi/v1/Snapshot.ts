// Original file: proto/csi.proto

import type { TimestampInit as _google_protobuf_TimestampInit, Timestamp as _google_protobuf_Timestamp } from '../../google/protobuf/Timestamp.ts';
import type { TopologyInit as _csi_v1_TopologyInit, Topology as _csi_v1_Topology } from '../../csi/v1/Topology.ts';
import type { Long } from '@grpc/proto-loader';

/**
 * A snapshot as the CO knows it.
 */
export interface SnapshotInit {
  /**
   * The smallest volume that can be made of it; zero means unknown.
   */
  'sizeBytes'?: (number | string | Long);
  'snapshotId'?: (string);
  'sourceVolumeId'?: (string);
  /**
   * The moment whose content it holds. Required.
   */
  'creationTime'?: (_google_protobuf_TimestampInit | null);
  /**
   * False while it is cut but cannot be restored yet; the CO then repeats CreateSnapshot.
   */
  'readyToUse'?: (boolean);
  /**
   * Empty unless it belongs to a group.
   */
  'groupSnapshotId'?: (string);
  /**
   * Each entry is a place that can restore it; none means everywhere.
   */
  'accessibleTopology'?: (_csi_v1_TopologyInit)[];
}

/**
 * A snapshot as the CO knows it.
 */
export interface Snapshot {
  /**
   * The smallest volume that can be made of it; zero means unknown.
   */
  'sizeBytes': (string);
  'snapshotId': (string);
  'sourceVolumeId': (string);
  /**
   * The moment whose content it holds. Required.
   */
  'creationTime': (_google_protobuf_Timestamp | null);
  /**
   * False while it is cut but cannot be restored yet; the CO then repeats CreateSnapshot.
   */
  'readyToUse': (boolean);
  /**
   * Empty unless it belongs to a group.
   */
  'groupSnapshotId': (string);
  /**
   * Each entry is a place that can restore it; none means everywhere.
   */
  'accessibleTopology': (_csi_v1_Topology)[];
}
