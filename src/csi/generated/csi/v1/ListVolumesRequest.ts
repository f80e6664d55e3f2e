// Original file: proto/csi.proto


/**
 * Which page.
 */
export interface ListVolumesRequestInit {
  /**
   * Zero means no limit.
   */
  'maxEntries'?: (number);
  /**
   * The previous page's next_token. One that we never gave is ABORTED, not INVALID_ARGUMENT.
   */
  'startingToken'?: (string);
}

/**
 * Which page.
 */
export interface ListVolumesRequest {
  /**
   * Zero means no limit.
   */
  'maxEntries': (number);
  /**
   * The previous page's next_token. One that we never gave is ABORTED, not INVALID_ARGUMENT.
   */
  'startingToken': (string);
}
