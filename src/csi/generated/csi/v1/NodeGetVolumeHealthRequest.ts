// Original file: proto/csi.proto


/**
 * Which volume, seen from which path.
 */
export interface NodeGetVolumeHealthRequestInit {
  'volumeId'?: (string);
  'volumePublishPath'?: (string);
  'stagingTargetPath'?: (string);
}

/**
 * Which volume, seen from which path.
 */
export interface NodeGetVolumeHealthRequest {
  'volumeId': (string);
  'volumePublishPath': (string);
  'stagingTargetPath': (string);
}
