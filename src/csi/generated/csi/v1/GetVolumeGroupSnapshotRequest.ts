// Original file: proto/csi.proto


/**
 * Which group.
 */
export interface GetVolumeGroupSnapshotRequestInit {
  'groupSnapshotId'?: (string);
  /**
   * As of DeleteVolumeGroupSnapshotRequest.
   */
  'snapshotIds'?: (string)[];
  'secrets'?: ({[key: string]: string});
}

/**
 * Which group.
 */
export interface GetVolumeGroupSnapshotRequest {
  'groupSnapshotId': (string);
  /**
   * As of DeleteVolumeGroupSnapshotRequest.
   */
  'snapshotIds': (string)[];
  'secrets': ({[key: string]: string});
}
