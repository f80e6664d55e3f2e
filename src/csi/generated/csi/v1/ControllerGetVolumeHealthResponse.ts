// Original file: proto/csi.proto

import type { VolumeHealthInit as _csi_v1_VolumeHealthInit, VolumeHealth as _csi_v1_VolumeHealth } from '../../csi/v1/VolumeHealth.ts';

/**
 * Its health.
 */
export interface ControllerGetVolumeHealthResponseInit {
  'volumeHealth'?: (_csi_v1_VolumeHealthInit | null);
}

/**
 * Its health.
 */
export interface ControllerGetVolumeHealthResponse {
  'volumeHealth': (_csi_v1_VolumeHealth | null);
}
