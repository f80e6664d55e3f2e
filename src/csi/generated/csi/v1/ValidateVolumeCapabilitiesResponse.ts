// Original file: proto/csi.proto

import type { VolumeCapabilityInit as _csi_v1_VolumeCapabilityInit, VolumeCapability as _csi_v1_VolumeCapability } from '../../csi/v1/VolumeCapability.ts';

/**
 * Repeats of the request what was checked and is right.
 */
export interface _csi_v1_ValidateVolumeCapabilitiesResponse_ConfirmedInit {
  'volumeContext'?: ({[key: string]: string});
  'volumeCapabilities'?: (_csi_v1_VolumeCapabilityInit)[];
  'parameters'?: ({[key: string]: string});
  'mutableParameters'?: ({[key: string]: string});
}

/**
 * Repeats of the request what was checked and is right.
 */
export interface _csi_v1_ValidateVolumeCapabilitiesResponse_Confirmed {
  'volumeContext': ({[key: string]: string});
  'volumeCapabilities': (_csi_v1_VolumeCapability)[];
  'parameters': ({[key: string]: string});
  'mutableParameters': ({[key: string]: string});
}

/**
 * Confirmed, or why not.
 */
export interface ValidateVolumeCapabilitiesResponseInit {
  /**
   * Absent when anything of the request is not supported.
   */
  'confirmed'?: (_csi_v1_ValidateVolumeCapabilitiesResponse_ConfirmedInit | null);
  'message'?: (string);
}

/**
 * Confirmed, or why not.
 */
export interface ValidateVolumeCapabilitiesResponse {
  /**
   * Absent when anything of the request is not supported.
   */
  'confirmed': (_csi_v1_ValidateVolumeCapabilitiesResponse_Confirmed | null);
  'message': (string);
}
