// Original file: proto/csi.proto

import type { CapacityRangeInit as _csi_v1_CapacityRangeInit, CapacityRange as _csi_v1_CapacityRange } from '../../csi/v1/CapacityRange.ts';
import type { VolumeCapabilityInit as _csi_v1_VolumeCapabilityInit, VolumeCapability as _csi_v1_VolumeCapability } from '../../csi/v1/VolumeCapability.ts';

/**
 * Which volume, and what size is acceptable.
 */
export interface NodeExpandVolumeRequestInit {
  'volumeId'?: (string);
  'volumePath'?: (string);
  /**
   * Absent means as large as the volume already is underneath.
   */
  'capacityRange'?: (_csi_v1_CapacityRangeInit | null);
  'stagingTargetPath'?: (string);
  /**
   * Often absent: then the path tells block from mount.
   */
  'volumeCapability'?: (_csi_v1_VolumeCapabilityInit | null);
  'secrets'?: ({[key: string]: string});
}

/**
 * Which volume, and what size is acceptable.
 */
export interface NodeExpandVolumeRequest {
  'volumeId': (string);
  'volumePath': (string);
  /**
   * Absent means as large as the volume already is underneath.
   */
  'capacityRange': (_csi_v1_CapacityRange | null);
  'stagingTargetPath': (string);
  /**
   * Often absent: then the path tells block from mount.
   */
  'volumeCapability': (_csi_v1_VolumeCapability | null);
  'secrets': ({[key: string]: string});
}
