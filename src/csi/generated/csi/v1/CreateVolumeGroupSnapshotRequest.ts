// Original file: proto/csi.proto


/**
 * Which volumes to cut together.
 */
export interface CreateVolumeGroupSnapshotRequestInit {
  /**
   * What makes the call idempotent, together with the volumes and parameters.
   */
  'name'?: (string);
  'sourceVolumeIds'?: (string)[];
  'secrets'?: ({[key: string]: string});
  'parameters'?: ({[key: string]: string});
}

/**
 * Which volumes to cut together.
 */
export interface CreateVolumeGroupSnapshotRequest {
  /**
   * What makes the call idempotent, together with the volumes and parameters.
   */
  'name': (string);
  'sourceVolumeIds': (string)[];
  'secrets': ({[key: string]: string});
  'parameters': ({[key: string]: string});
}
