// Original file: proto/csi.proto


/**
 * Nothing to ask with but secrets.
 */
export interface NodeGetStorageHealthRequestInit {
  'secrets'?: ({[key: string]: string});
}

/**
 * Nothing to ask with but secrets.
 */
export interface NodeGetStorageHealthRequest {
  'secrets': ({[key: string]: string});
}
