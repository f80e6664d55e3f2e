// Original file: proto/csi.proto


/**
 * Which page.
 */
export interface ControllerListVolumeHealthRequestInit {
  'maxEntries'?: (number);
  'startingToken'?: (string);
  'secrets'?: ({[key: string]: string});
}

/**
 * Which page.
 */
export interface ControllerListVolumeHealthRequest {
  'maxEntries': (number);
  'startingToken': (string);
  'secrets': ({[key: string]: string});
}
