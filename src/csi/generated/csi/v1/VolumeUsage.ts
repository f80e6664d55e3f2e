// Original file: proto/csi.proto

import type { Long } from '@grpc/proto-loader';

// Original file: proto/csi.proto

/**
 * What is counted.
 */
export const _csi_v1_VolumeUsage_Unit = {
  UNKNOWN: 'UNKNOWN',
  BYTES: 'BYTES',
  INODES: 'INODES',
} as const;

/**
 * What is counted.
 */
export type _csi_v1_VolumeUsage_UnitInit =
  | 'UNKNOWN'
  | 0
  | 'BYTES'
  | 1
  | 'INODES'
  | 2

/**
 * What is counted.
 */
export type _csi_v1_VolumeUsage_Unit = typeof _csi_v1_VolumeUsage_Unit[keyof typeof _csi_v1_VolumeUsage_Unit]

/**
 * How much there is, in one unit. Nothing here is negative.
 */
export interface VolumeUsageInit {
  'available'?: (number | string | Long);
  /**
   * Required.
   */
  'total'?: (number | string | Long);
  'used'?: (number | string | Long);
  'unit'?: (_csi_v1_VolumeUsage_UnitInit);
}

/**
 * How much there is, in one unit. Nothing here is negative.
 */
export interface VolumeUsage {
  'available': (string);
  /**
   * Required.
   */
  'total': (string);
  'used': (string);
  'unit': (_csi_v1_VolumeUsage_Unit);
}
