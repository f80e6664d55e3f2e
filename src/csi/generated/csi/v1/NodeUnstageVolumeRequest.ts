// Original file: proto/csi.proto


/**
 * Which volume, from where.
 */
export interface NodeUnstageVolumeRequestInit {
  'volumeId'?: (string);
  'stagingTargetPath'?: (string);
}

/**
 * Which volume, from where.
 */
export interface NodeUnstageVolumeRequest {
  'volumeId': (string);
  'stagingTargetPath': (string);
}
