// Original file: proto/csi.proto

import type { VolumeCapabilityInit as _csi_v1_VolumeCapabilityInit, VolumeCapability as _csi_v1_VolumeCapability } from '../../csi/v1/VolumeCapability.ts';

/**
 * Which volume to which node.
 */
export interface ControllerPublishVolumeRequestInit {
  'volumeId'?: (string);
  /**
   * As NodeGetInfo gave it: up to 256 bytes.
   */
  'nodeId'?: (string);
  'volumeCapability'?: (_csi_v1_VolumeCapabilityInit | null);
  'readonly'?: (boolean);
  'secrets'?: ({[key: string]: string});
  'volumeContext'?: ({[key: string]: string});
}

/**
 * Which volume to which node.
 */
export interface ControllerPublishVolumeRequest {
  'volumeId': (string);
  /**
   * As NodeGetInfo gave it: up to 256 bytes.
   */
  'nodeId': (string);
  'volumeCapability': (_csi_v1_VolumeCapability | null);
  'readonly': (boolean);
  'secrets': ({[key: string]: string});
  'volumeContext': ({[key: string]: string});
}
