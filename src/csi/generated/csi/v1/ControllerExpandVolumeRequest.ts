// Original file: proto/csi.proto

import type { CapacityRangeInit as _csi_v1_CapacityRangeInit, CapacityRange as _csi_v1_CapacityRange } from '../../csi/v1/CapacityRange.ts';
import type { VolumeCapabilityInit as _csi_v1_VolumeCapabilityInit, VolumeCapability as _csi_v1_VolumeCapability } from '../../csi/v1/VolumeCapability.ts';

/**
 * Which volume, and what size is acceptable.
 */
export interface ControllerExpandVolumeRequestInit {
  'volumeId'?: (string);
  'capacityRange'?: (_csi_v1_CapacityRangeInit | null);
  'secrets'?: ({[key: string]: string});
  /**
   * How the volume is used, where the CO knows.
   */
  'volumeCapability'?: (_csi_v1_VolumeCapabilityInit | null);
}

/**
 * Which volume, and what size is acceptable.
 */
export interface ControllerExpandVolumeRequest {
  'volumeId': (string);
  'capacityRange': (_csi_v1_CapacityRange | null);
  'secrets': ({[key: string]: string});
  /**
   * How the volume is used, where the CO knows.
   */
  'volumeCapability': (_csi_v1_VolumeCapability | null);
}
