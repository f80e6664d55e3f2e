// Original file: proto/csi.proto


/**
 * Which snapshot.
 */
export interface GetSnapshotRequestInit {
  'snapshotId'?: (string);
  'secrets'?: ({[key: string]: string});
}

/**
 * Which snapshot.
 */
export interface GetSnapshotRequest {
  'snapshotId': (string);
  'secrets': ({[key: string]: string});
}
