// Original file: proto/csi.proto

import type { PluginCapabilityInit as _csi_v1_PluginCapabilityInit, PluginCapability as _csi_v1_PluginCapability } from '../../csi/v1/PluginCapability.ts';

/**
 * None at all is a legal answer: a driver of the Node service only.
 */
export interface GetPluginCapabilitiesResponseInit {
  'capabilities'?: (_csi_v1_PluginCapabilityInit)[];
}

/**
 * None at all is a legal answer: a driver of the Node service only.
 */
export interface GetPluginCapabilitiesResponse {
  'capabilities': (_csi_v1_PluginCapability)[];
}
