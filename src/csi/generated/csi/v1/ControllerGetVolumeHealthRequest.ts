// Original file: proto/csi.proto


/**
 * Which volume.
 */
export interface ControllerGetVolumeHealthRequestInit {
  'volumeId'?: (string);
  'secrets'?: ({[key: string]: string});
}

/**
 * Which volume.
 */
export interface ControllerGetVolumeHealthRequest {
  'volumeId': (string);
  'secrets': ({[key: string]: string});
}
