// Original file: proto/csi.proto


/**
 * Which group.
 */
export interface DeleteVolumeGroupSnapshotRequestInit {
  'groupSnapshotId'?: (string);
  /**
   * What the CO believes is in it. Anything else than that is INVALID_ARGUMENT.
   */
  'snapshotIds'?: (string)[];
  'secrets'?: ({[key: string]: string});
}

/**
 * Which group.
 */
export interface DeleteVolumeGroupSnapshotRequest {
  'groupSnapshotId': (string);
  /**
   * What the CO believes is in it. Anything else than that is INVALID_ARGUMENT.
   */
  'snapshotIds': (string)[];
  'secrets': ({[key: string]: string});
}
