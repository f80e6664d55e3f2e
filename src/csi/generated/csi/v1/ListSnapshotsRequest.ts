// Original file: proto/csi.proto


/**
 * Which page, of which snapshots. Filters that match nothing give an empty list, not an error.
 */
export interface ListSnapshotsRequestInit {
  /**
   * Zero means no limit.
   */
  'maxEntries'?: (number);
  /**
   * As of ListVolumesRequest.
   */
  'startingToken'?: (string);
  'sourceVolumeId'?: (string);
  'snapshotId'?: (string);
  'secrets'?: ({[key: string]: string});
}

/**
 * Which page, of which snapshots. Filters that match nothing give an empty list, not an error.
 */
export interface ListSnapshotsRequest {
  /**
   * Zero means no limit.
   */
  'maxEntries': (number);
  /**
   * As of ListVolumesRequest.
   */
  'startingToken': (string);
  'sourceVolumeId': (string);
  'snapshotId': (string);
  'secrets': ({[key: string]: string});
}
