// Original file: proto/csi.proto


/**
 * Which volume.
 */
export interface DeleteVolumeRequestInit {
  'volumeId'?: (string);
  'secrets'?: ({[key: string]: string});
}

/**
 * Which volume.
 */
export interface DeleteVolumeRequest {
  'volumeId': (string);
  'secrets': ({[key: string]: string});
}
