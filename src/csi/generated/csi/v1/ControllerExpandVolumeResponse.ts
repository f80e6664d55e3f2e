// Original file: proto/csi.proto

import type { Long } from '@grpc/proto-loader';

/**
 * The volume's size now.
 */
export interface ControllerExpandVolumeResponseInit {
  'capacityBytes'?: (number | string | Long);
  /**
   * True makes the kubelet call NodeExpandVolume.
   */
  'nodeExpansionRequired'?: (boolean);
}

/**
 * The volume's size now.
 */
export interface ControllerExpandVolumeResponse {
  'capacityBytes': (string);
  /**
   * True makes the kubelet call NodeExpandVolume.
   */
  'nodeExpansionRequired': (boolean);
}
