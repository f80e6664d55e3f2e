// Original file: proto/csi.proto

import type { CapacityRangeInit as _csi_v1_CapacityRangeInit, CapacityRange as _csi_v1_CapacityRange } from '../../csi/v1/CapacityRange.ts';
import type { VolumeCapabilityInit as _csi_v1_VolumeCapabilityInit, VolumeCapability as _csi_v1_VolumeCapability } from '../../csi/v1/VolumeCapability.ts';
import type { VolumeContentSourceInit as _csi_v1_VolumeContentSourceInit, VolumeContentSource as _csi_v1_VolumeContentSource } from '../../csi/v1/VolumeContentSource.ts';
import type { TopologyRequirementInit as _csi_v1_TopologyRequirementInit, TopologyRequirement as _csi_v1_TopologyRequirement } from '../../csi/v1/TopologyRequirement.ts';

/**
 * What volume the CO wants.
 */
export interface CreateVolumeRequestInit {
  /**
   * What makes the call idempotent. Nearly any text: never a file name as it is.
   */
  'name'?: (string);
  'capacityRange'?: (_csi_v1_CapacityRangeInit | null);
  /**
   * Every way in which the volume will be used, at least one.
   */
  'volumeCapabilities'?: (_csi_v1_VolumeCapabilityInit)[];
  /**
   * Of the StorageClass, plus `csi.storage.k8s.io/…` keys of the provisioner.
   */
  'parameters'?: ({[key: string]: string});
  'secrets'?: ({[key: string]: string});
  /**
   * Where the volume's first content comes from; absent means an empty volume.
   */
  'volumeContentSource'?: (_csi_v1_VolumeContentSourceInit | null);
  /**
   * Where the volume has to be reachable.
   */
  'accessibilityRequirements'?: (_csi_v1_TopologyRequirementInit | null);
  /**
   * Of the VolumeAttributesClass. Where both have a key, this one counts.
   */
  'mutableParameters'?: ({[key: string]: string});
}

/**
 * What volume the CO wants.
 */
export interface CreateVolumeRequest {
  /**
   * What makes the call idempotent. Nearly any text: never a file name as it is.
   */
  'name': (string);
  'capacityRange': (_csi_v1_CapacityRange | null);
  /**
   * Every way in which the volume will be used, at least one.
   */
  'volumeCapabilities': (_csi_v1_VolumeCapability)[];
  /**
   * Of the StorageClass, plus `csi.storage.k8s.io/…` keys of the provisioner.
   */
  'parameters': ({[key: string]: string});
  'secrets': ({[key: string]: string});
  /**
   * Where the volume's first content comes from; absent means an empty volume.
   */
  'volumeContentSource': (_csi_v1_VolumeContentSource | null);
  /**
   * Where the volume has to be reachable.
   */
  'accessibilityRequirements': (_csi_v1_TopologyRequirement | null);
  /**
   * Of the VolumeAttributesClass. Where both have a key, this one counts.
   */
  'mutableParameters': ({[key: string]: string});
}
