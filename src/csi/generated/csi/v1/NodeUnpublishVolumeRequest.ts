// Original file: proto/csi.proto


/**
 * Which volume, from where.
 */
export interface NodeUnpublishVolumeRequestInit {
  'volumeId'?: (string);
  /**
   * Must be gone afterwards.
   */
  'targetPath'?: (string);
}

/**
 * Which volume, from where.
 */
export interface NodeUnpublishVolumeRequest {
  'volumeId': (string);
  /**
   * Must be gone afterwards.
   */
  'targetPath': (string);
}
