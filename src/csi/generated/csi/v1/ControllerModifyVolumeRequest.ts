// Original file: proto/csi.proto


/**
 * Which volume, and what to change.
 */
export interface ControllerModifyVolumeRequestInit {
  'volumeId'?: (string);
  'secrets'?: ({[key: string]: string});
  /**
   * A key that is not here keeps its value.
   */
  'mutableParameters'?: ({[key: string]: string});
}

/**
 * Which volume, and what to change.
 */
export interface ControllerModifyVolumeRequest {
  'volumeId': (string);
  'secrets': ({[key: string]: string});
  /**
   * A key that is not here keeps its value.
   */
  'mutableParameters': ({[key: string]: string});
}
