// Original file: proto/csi.proto


/**
 * A call it has, or a promise about its calls.
 */
export interface _csi_v1_NodeServiceCapability_RPCInit {
  'type'?: (_csi_v1_NodeServiceCapability_RPC_TypeInit);
}

/**
 * A call it has, or a promise about its calls.
 */
export interface _csi_v1_NodeServiceCapability_RPC {
  'type': (_csi_v1_NodeServiceCapability_RPC_Type);
}

// Original file: proto/csi.proto

/**
 * The calls and promises. 4 was the volume condition of 1.12.
 */
export const _csi_v1_NodeServiceCapability_RPC_Type = {
  UNKNOWN: 'UNKNOWN',
  STAGE_UNSTAGE_VOLUME: 'STAGE_UNSTAGE_VOLUME',
  GET_VOLUME_STATS: 'GET_VOLUME_STATS',
  EXPAND_VOLUME: 'EXPAND_VOLUME',
  /**
   * Knows the two single-node access modes 6 and 7. The Controller service must say the same.
   */
  SINGLE_NODE_MULTI_WRITER: 'SINGLE_NODE_MULTI_WRITER',
  /**
   * Applies volume_mount_group itself, so the kubelet does not change owners.
   */
  VOLUME_MOUNT_GROUP: 'VOLUME_MOUNT_GROUP',
  GET_VOLUME_HEALTH: 'GET_VOLUME_HEALTH',
  GET_STORAGE_HEALTH: 'GET_STORAGE_HEALTH',
} as const;

/**
 * The calls and promises. 4 was the volume condition of 1.12.
 */
export type _csi_v1_NodeServiceCapability_RPC_TypeInit =
  | 'UNKNOWN'
  | 0
  | 'STAGE_UNSTAGE_VOLUME'
  | 1
  | 'GET_VOLUME_STATS'
  | 2
  | 'EXPAND_VOLUME'
  | 3
  /**
   * Knows the two single-node access modes 6 and 7. The Controller service must say the same.
   */
  | 'SINGLE_NODE_MULTI_WRITER'
  | 5
  /**
   * Applies volume_mount_group itself, so the kubelet does not change owners.
   */
  | 'VOLUME_MOUNT_GROUP'
  | 6
  | 'GET_VOLUME_HEALTH'
  | 7
  | 'GET_STORAGE_HEALTH'
  | 8

/**
 * The calls and promises. 4 was the volume condition of 1.12.
 */
export type _csi_v1_NodeServiceCapability_RPC_Type = typeof _csi_v1_NodeServiceCapability_RPC_Type[keyof typeof _csi_v1_NodeServiceCapability_RPC_Type]

/**
 * One thing that the Node service can do.
 */
export interface NodeServiceCapabilityInit {
  'rpc'?: (_csi_v1_NodeServiceCapability_RPCInit | null);
  'type'?: "rpc";
}

/**
 * One thing that the Node service can do.
 */
export interface NodeServiceCapability {
  'rpc'?: (_csi_v1_NodeServiceCapability_RPC | null);
  'type'?: "rpc";
}
