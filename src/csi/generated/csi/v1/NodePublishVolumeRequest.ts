// Original file: proto/csi.proto

import type { VolumeCapabilityInit as _csi_v1_VolumeCapabilityInit, VolumeCapability as _csi_v1_VolumeCapability } from '../../csi/v1/VolumeCapability.ts';

/**
 * Which volume, where, and how.
 */
export interface NodePublishVolumeRequestInit {
  'volumeId'?: (string);
  'publishContext'?: ({[key: string]: string});
  /**
   * Where the volume was staged before.
   */
  'stagingTargetPath'?: (string);
  /**
   * Ours to make: a directory, or a file for a block volume. Its parent exists.
   */
  'targetPath'?: (string);
  'volumeCapability'?: (_csi_v1_VolumeCapabilityInit | null);
  'readonly'?: (boolean);
  'secrets'?: ({[key: string]: string});
  /**
   * As CreateVolume gave it, plus what the kubelet adds about the pod: its tokens are as secret as `secrets`.
   */
  'volumeContext'?: ({[key: string]: string});
}

/**
 * Which volume, where, and how.
 */
export interface NodePublishVolumeRequest {
  'volumeId': (string);
  'publishContext': ({[key: string]: string});
  /**
   * Where the volume was staged before.
   */
  'stagingTargetPath': (string);
  /**
   * Ours to make: a directory, or a file for a block volume. Its parent exists.
   */
  'targetPath': (string);
  'volumeCapability': (_csi_v1_VolumeCapability | null);
  'readonly': (boolean);
  'secrets': ({[key: string]: string});
  /**
   * As CreateVolume gave it, plus what the kubelet adds about the pod: its tokens are as secret as `secrets`.
   */
  'volumeContext': ({[key: string]: string});
}
