// Original file: proto/csi.proto

import type { VolumeCapabilityInit as _csi_v1_VolumeCapabilityInit, VolumeCapability as _csi_v1_VolumeCapability } from '../../csi/v1/VolumeCapability.ts';

/**
 * Which volume, where, and how.
 */
export interface NodeStageVolumeRequestInit {
  'volumeId'?: (string);
  /**
   * As ControllerPublishVolume gave it.
   */
  'publishContext'?: ({[key: string]: string});
  /**
   * A directory that the CO has made. As every path, longer than 128 bytes where the system allows.
   */
  'stagingTargetPath'?: (string);
  'volumeCapability'?: (_csi_v1_VolumeCapabilityInit | null);
  'secrets'?: ({[key: string]: string});
  /**
   * As CreateVolume gave it.
   */
  'volumeContext'?: ({[key: string]: string});
}

/**
 * Which volume, where, and how.
 */
export interface NodeStageVolumeRequest {
  'volumeId': (string);
  /**
   * As ControllerPublishVolume gave it.
   */
  'publishContext': ({[key: string]: string});
  /**
   * A directory that the CO has made. As every path, longer than 128 bytes where the system allows.
   */
  'stagingTargetPath': (string);
  'volumeCapability': (_csi_v1_VolumeCapability | null);
  'secrets': ({[key: string]: string});
  /**
   * As CreateVolume gave it.
   */
  'volumeContext': ({[key: string]: string});
}
