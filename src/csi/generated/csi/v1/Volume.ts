// Original file: proto/csi.proto

import type { VolumeContentSourceInit as _csi_v1_VolumeContentSourceInit, VolumeContentSource as _csi_v1_VolumeContentSource } from '../../csi/v1/VolumeContentSource.ts';
import type { TopologyInit as _csi_v1_TopologyInit, Topology as _csi_v1_Topology } from '../../csi/v1/Topology.ts';
import type { Long } from '@grpc/proto-loader';

/**
 * A volume as the CO knows it.
 */
export interface VolumeInit {
  /**
   * Zero means unknown.
   */
  'capacityBytes'?: (number | string | Long);
  'volumeId'?: (string);
  /**
   * Comes back in later calls. Fixed for the volume's life.
   */
  'volumeContext'?: ({[key: string]: string});
  /**
   * Required when the request had one: the provisioner throws the volume away without it.
   */
  'contentSource'?: (_csi_v1_VolumeContentSourceInit | null);
  /**
   * Each entry is a place that reaches the volume; none means everywhere.
   */
  'accessibleTopology'?: (_csi_v1_TopologyInit)[];
}

/**
 * A volume as the CO knows it.
 */
export interface Volume {
  /**
   * Zero means unknown.
   */
  'capacityBytes': (string);
  'volumeId': (string);
  /**
   * Comes back in later calls. Fixed for the volume's life.
   */
  'volumeContext': ({[key: string]: string});
  /**
   * Required when the request had one: the provisioner throws the volume away without it.
   */
  'contentSource': (_csi_v1_VolumeContentSource | null);
  /**
   * Each entry is a place that reaches the volume; none means everywhere.
   */
  'accessibleTopology': (_csi_v1_Topology)[];
}
