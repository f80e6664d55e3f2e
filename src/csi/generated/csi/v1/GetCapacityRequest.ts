// Original file: proto/csi.proto

import type { VolumeCapabilityInit as _csi_v1_VolumeCapabilityInit, VolumeCapability as _csi_v1_VolumeCapability } from '../../csi/v1/VolumeCapability.ts';
import type { TopologyInit as _csi_v1_TopologyInit, Topology as _csi_v1_Topology } from '../../csi/v1/Topology.ts';

/**
 * For what kind of volume, and where. Everything may be absent.
 */
export interface GetCapacityRequestInit {
  'volumeCapabilities'?: (_csi_v1_VolumeCapabilityInit)[];
  'parameters'?: ({[key: string]: string});
  'accessibleTopology'?: (_csi_v1_TopologyInit | null);
}

/**
 * For what kind of volume, and where. Everything may be absent.
 */
export interface GetCapacityRequest {
  'volumeCapabilities': (_csi_v1_VolumeCapability)[];
  'parameters': ({[key: string]: string});
  'accessibleTopology': (_csi_v1_Topology | null);
}
