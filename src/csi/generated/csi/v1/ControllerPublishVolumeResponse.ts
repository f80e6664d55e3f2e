// Original file: proto/csi.proto


/**
 * What the node needs to find the volume.
 */
export interface ControllerPublishVolumeResponseInit {
  'publishContext'?: ({[key: string]: string});
}

/**
 * What the node needs to find the volume.
 */
export interface ControllerPublishVolumeResponse {
  'publishContext': ({[key: string]: string});
}
