// Original file: proto/csi.proto


/**
 * One place: all of its segments together.
 */
export interface TopologyInit {
  /**
   * Keys and values must be legal Kubernetes labels, so a value has at most 63 characters.
   */
  'segments'?: ({[key: string]: string});
}

/**
 * One place: all of its segments together.
 */
export interface Topology {
  /**
   * Keys and values must be legal Kubernetes labels, so a value has at most 63 characters.
   */
  'segments': ({[key: string]: string});
}
