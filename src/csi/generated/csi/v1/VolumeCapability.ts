// Original file: proto/csi.proto


/**
 * By how many nodes and how many users.
 */
export interface _csi_v1_VolumeCapability_AccessModeInit {
  'mode'?: (_csi_v1_VolumeCapability_AccessMode_ModeInit);
}

/**
 * By how many nodes and how many users.
 */
export interface _csi_v1_VolumeCapability_AccessMode {
  'mode': (_csi_v1_VolumeCapability_AccessMode_Mode);
}

/**
 * As a raw block device.
 */
export interface _csi_v1_VolumeCapability_BlockVolumeInit {
}

/**
 * As a raw block device.
 */
export interface _csi_v1_VolumeCapability_BlockVolume {
}

// Original file: proto/csi.proto

/**
 * SINGLE_NODE_WRITER says nothing of the users on that node; its two successors 6 and 7 do.
 */
export const _csi_v1_VolumeCapability_AccessMode_Mode = {
  UNKNOWN: 'UNKNOWN',
  SINGLE_NODE_WRITER: 'SINGLE_NODE_WRITER',
  SINGLE_NODE_READER_ONLY: 'SINGLE_NODE_READER_ONLY',
  MULTI_NODE_READER_ONLY: 'MULTI_NODE_READER_ONLY',
  MULTI_NODE_SINGLE_WRITER: 'MULTI_NODE_SINGLE_WRITER',
  MULTI_NODE_MULTI_WRITER: 'MULTI_NODE_MULTI_WRITER',
  /**
   * One user on one node.
   */
  SINGLE_NODE_SINGLE_WRITER: 'SINGLE_NODE_SINGLE_WRITER',
  /**
   * Several users on one node.
   */
  SINGLE_NODE_MULTI_WRITER: 'SINGLE_NODE_MULTI_WRITER',
} as const;

/**
 * SINGLE_NODE_WRITER says nothing of the users on that node; its two successors 6 and 7 do.
 */
export type _csi_v1_VolumeCapability_AccessMode_ModeInit =
  | 'UNKNOWN'
  | 0
  | 'SINGLE_NODE_WRITER'
  | 1
  | 'SINGLE_NODE_READER_ONLY'
  | 2
  | 'MULTI_NODE_READER_ONLY'
  | 3
  | 'MULTI_NODE_SINGLE_WRITER'
  | 4
  | 'MULTI_NODE_MULTI_WRITER'
  | 5
  /**
   * One user on one node.
   */
  | 'SINGLE_NODE_SINGLE_WRITER'
  | 6
  /**
   * Several users on one node.
   */
  | 'SINGLE_NODE_MULTI_WRITER'
  | 7

/**
 * SINGLE_NODE_WRITER says nothing of the users on that node; its two successors 6 and 7 do.
 */
export type _csi_v1_VolumeCapability_AccessMode_Mode = typeof _csi_v1_VolumeCapability_AccessMode_Mode[keyof typeof _csi_v1_VolumeCapability_AccessMode_Mode]

/**
 * As a mounted file system.
 */
export interface _csi_v1_VolumeCapability_MountVolumeInit {
  /**
   * Empty means the driver's default.
   */
  'fsType'?: (string);
  /**
   * Together at most 4 KiB. May name the pod's SELinux label; may be sensitive.
   */
  'mountFlags'?: (string)[];
  /**
   * Group id that must be able to write, in decimal.
   */
  'volumeMountGroup'?: (string);
}

/**
 * As a mounted file system.
 */
export interface _csi_v1_VolumeCapability_MountVolume {
  /**
   * Empty means the driver's default.
   */
  'fsType': (string);
  /**
   * Together at most 4 KiB. May name the pod's SELinux label; may be sensitive.
   */
  'mountFlags': (string)[];
  /**
   * Group id that must be able to write, in decimal.
   */
  'volumeMountGroup': (string);
}

/**
 * One way to use a volume: through what, and by how many.
 */
export interface VolumeCapabilityInit {
  'block'?: (_csi_v1_VolumeCapability_BlockVolumeInit | null);
  'mount'?: (_csi_v1_VolumeCapability_MountVolumeInit | null);
  'accessMode'?: (_csi_v1_VolumeCapability_AccessModeInit | null);
  /**
   * An empty message counts: `block: {}` is a raw block volume, neither of the two is an error.
   */
  'accessType'?: "block"|"mount";
}

/**
 * One way to use a volume: through what, and by how many.
 */
export interface VolumeCapability {
  'block'?: (_csi_v1_VolumeCapability_BlockVolume | null);
  'mount'?: (_csi_v1_VolumeCapability_MountVolume | null);
  'accessMode': (_csi_v1_VolumeCapability_AccessMode | null);
  /**
   * An empty message counts: `block: {}` is a raw block volume, neither of the two is an error.
   */
  'accessType'?: "block"|"mount";
}
