// Original file: proto/csi.proto

import type { VolumeInit as _csi_v1_VolumeInit, Volume as _csi_v1_Volume } from '../../csi/v1/Volume.ts';

/**
 * One volume.
 */
export interface _csi_v1_ListVolumesResponse_EntryInit {
  'volume'?: (_csi_v1_VolumeInit | null);
  'status'?: (_csi_v1_ListVolumesResponse_VolumeStatusInit | null);
}

/**
 * One volume.
 */
export interface _csi_v1_ListVolumesResponse_Entry {
  'volume': (_csi_v1_Volume | null);
  'status': (_csi_v1_ListVolumesResponse_VolumeStatus | null);
}

/**
 * Where the volume is attached.
 */
export interface _csi_v1_ListVolumesResponse_VolumeStatusInit {
  'publishedNodeIds'?: (string)[];
}

/**
 * Where the volume is attached.
 */
export interface _csi_v1_ListVolumesResponse_VolumeStatus {
  'publishedNodeIds': (string)[];
}

/**
 * One page.
 */
export interface ListVolumesResponseInit {
  'entries'?: (_csi_v1_ListVolumesResponse_EntryInit)[];
  /**
   * Empty on the last page.
   */
  'nextToken'?: (string);
}

/**
 * One page.
 */
export interface ListVolumesResponse {
  'entries': (_csi_v1_ListVolumesResponse_Entry)[];
  /**
   * Empty on the last page.
   */
  'nextToken': (string);
}
