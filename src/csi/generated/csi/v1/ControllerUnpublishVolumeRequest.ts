// Original file: proto/csi.proto


/**
 * Which volume from which node.
 */
export interface ControllerUnpublishVolumeRequestInit {
  'volumeId'?: (string);
  /**
   * Empty means from all nodes.
   */
  'nodeId'?: (string);
  'secrets'?: ({[key: string]: string});
}

/**
 * Which volume from which node.
 */
export interface ControllerUnpublishVolumeRequest {
  'volumeId': (string);
  /**
   * Empty means from all nodes.
   */
  'nodeId': (string);
  'secrets': ({[key: string]: string});
}
