// Original file: proto/csi.proto


/**
 * Which snapshot. One that belongs to a group goes only with its group.
 */
export interface DeleteSnapshotRequestInit {
  'snapshotId'?: (string);
  'secrets'?: ({[key: string]: string});
}

/**
 * Which snapshot. One that belongs to a group goes only with its group.
 */
export interface DeleteSnapshotRequest {
  'snapshotId': (string);
  'secrets': ({[key: string]: string});
}
