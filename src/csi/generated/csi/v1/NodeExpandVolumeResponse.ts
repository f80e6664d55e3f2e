// Original file: proto/csi.proto

import type { Long } from '@grpc/proto-loader';

/**
 * The volume's size now.
 */
export interface NodeExpandVolumeResponseInit {
  'capacityBytes'?: (number | string | Long);
}

/**
 * The volume's size now.
 */
export interface NodeExpandVolumeResponse {
  'capacityBytes': (string);
}
