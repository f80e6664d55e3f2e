// Original file: proto/csi.proto

import type { TopologyInit as _csi_v1_TopologyInit, Topology as _csi_v1_Topology } from '../../csi/v1/Topology.ts';

/**
 * Where something has to be reachable.
 */
export interface TopologyRequirementInit {
  /**
   * It must be reachable from at least one of these.
   */
  'requisite'?: (_csi_v1_TopologyInit)[];
  /**
   * In order of preference; a subset of `requisite` where that is given.
   */
  'preferred'?: (_csi_v1_TopologyInit)[];
}

/**
 * Where something has to be reachable.
 */
export interface TopologyRequirement {
  /**
   * It must be reachable from at least one of these.
   */
  'requisite': (_csi_v1_Topology)[];
  /**
   * In order of preference; a subset of `requisite` where that is given.
   */
  'preferred': (_csi_v1_Topology)[];
}
