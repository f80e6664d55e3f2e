// Original file: proto/csi.proto

import type { TopologyInit as _csi_v1_TopologyInit, Topology as _csi_v1_Topology } from '../../csi/v1/Topology.ts';
import type { Long } from '@grpc/proto-loader';

/**
 * This node, for the CO's records.
 */
export interface NodeGetInfoResponseInit {
  /**
   * The specification allows 256 bytes, Kubernetes only 192.
   */
  'nodeId'?: (string);
  /**
   * Zero means no limit. Never negative.
   */
  'maxVolumesPerNode'?: (number | string | Long);
  /**
   * Where this node is. The kubelet turns it into labels of the node.
   */
  'accessibleTopology'?: (_csi_v1_TopologyInit | null);
}

/**
 * This node, for the CO's records.
 */
export interface NodeGetInfoResponse {
  /**
   * The specification allows 256 bytes, Kubernetes only 192.
   */
  'nodeId': (string);
  /**
   * Zero means no limit. Never negative.
   */
  'maxVolumesPerNode': (string);
  /**
   * Where this node is. The kubelet turns it into labels of the node.
   */
  'accessibleTopology': (_csi_v1_Topology | null);
}
