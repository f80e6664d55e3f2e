// Original file: proto/csi.proto

import type { VolumeInit as _csi_v1_VolumeInit, Volume as _csi_v1_Volume } from '../../csi/v1/Volume.ts';

/**
 * The volume, new or found.
 */
export interface CreateVolumeResponseInit {
  'volume'?: (_csi_v1_VolumeInit | null);
}

/**
 * The volume, new or found.
 */
export interface CreateVolumeResponse {
  'volume': (_csi_v1_Volume | null);
}
