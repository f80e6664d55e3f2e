// Original file: proto/csi.proto


/**
 * Which volume.
 */
export interface ControllerGetVolumeRequestInit {
  'volumeId'?: (string);
}

/**
 * Which volume.
 */
export interface ControllerGetVolumeRequest {
  'volumeId': (string);
}
