// Original file: proto/csi.proto

import type { VolumeUsageInit as _csi_v1_VolumeUsageInit, VolumeUsage as _csi_v1_VolumeUsage } from '../../csi/v1/VolumeUsage.ts';

/**
 * One entry per unit: bytes, and inodes where there is a file system.
 */
export interface NodeGetVolumeStatsResponseInit {
  'usage'?: (_csi_v1_VolumeUsageInit)[];
}

/**
 * One entry per unit: bytes, and inodes where there is a file system.
 */
export interface NodeGetVolumeStatsResponse {
  'usage': (_csi_v1_VolumeUsage)[];
}
