// Original file: proto/csi.proto

import type { TopologyRequirementInit as _csi_v1_TopologyRequirementInit, TopologyRequirement as _csi_v1_TopologyRequirement } from '../../csi/v1/TopologyRequirement.ts';

/**
 * What snapshot the CO wants.
 */
export interface CreateSnapshotRequestInit {
  'sourceVolumeId'?: (string);
  /**
   * What makes the call idempotent, together with source_volume_id.
   */
  'name'?: (string);
  'secrets'?: ({[key: string]: string});
  'parameters'?: ({[key: string]: string});
  /**
   * Where the snapshot has to be reachable.
   */
  'accessibilityRequirements'?: (_csi_v1_TopologyRequirementInit | null);
}

/**
 * What snapshot the CO wants.
 */
export interface CreateSnapshotRequest {
  'sourceVolumeId': (string);
  /**
   * What makes the call idempotent, together with source_volume_id.
   */
  'name': (string);
  'secrets': ({[key: string]: string});
  'parameters': ({[key: string]: string});
  /**
   * Where the snapshot has to be reachable.
   */
  'accessibilityRequirements': (_csi_v1_TopologyRequirement | null);
}
