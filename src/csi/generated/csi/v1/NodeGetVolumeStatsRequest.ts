// Original file: proto/csi.proto


/**
 * Which volume, seen from which path.
 */
export interface NodeGetVolumeStatsRequestInit {
  'volumeId'?: (string);
  /**
   * Where it is staged or published. Not of this volume: NOT_FOUND, also when it is relative.
   */
  'volumePath'?: (string);
  'stagingTargetPath'?: (string);
}

/**
 * Which volume, seen from which path.
 */
export interface NodeGetVolumeStatsRequest {
  'volumeId': (string);
  /**
   * Where it is staged or published. Not of this volume: NOT_FOUND, also when it is relative.
   */
  'volumePath': (string);
  'stagingTargetPath': (string);
}
