// Original file: proto/csi.proto

import type { ControllerServiceCapabilityInit as _csi_v1_ControllerServiceCapabilityInit, ControllerServiceCapability as _csi_v1_ControllerServiceCapability } from '../../csi/v1/ControllerServiceCapability.ts';

/**
 * The capabilities.
 */
export interface ControllerGetCapabilitiesResponseInit {
  'capabilities'?: (_csi_v1_ControllerServiceCapabilityInit)[];
}

/**
 * The capabilities.
 */
export interface ControllerGetCapabilitiesResponse {
  'capabilities': (_csi_v1_ControllerServiceCapability)[];
}
