// Original file: proto/csi.proto


/**
 * A service it has, or a promise about all of them.
 */
export interface _csi_v1_PluginCapability_ServiceInit {
  'type'?: (_csi_v1_PluginCapability_Service_TypeInit);
}

/**
 * A service it has, or a promise about all of them.
 */
export interface _csi_v1_PluginCapability_Service {
  'type': (_csi_v1_PluginCapability_Service_Type);
}

// Original file: proto/csi.proto

/**
 * The services and promises.
 */
export const _csi_v1_PluginCapability_Service_Type = {
  UNKNOWN: 'UNKNOWN',
  CONTROLLER_SERVICE: 'CONTROLLER_SERVICE',
  /**
   * Not every node reaches every volume: the CO has to respect accessible_topology.
   */
  VOLUME_ACCESSIBILITY_CONSTRAINTS: 'VOLUME_ACCESSIBILITY_CONSTRAINTS',
  GROUP_CONTROLLER_SERVICE: 'GROUP_CONTROLLER_SERVICE',
  SNAPSHOT_METADATA_SERVICE: 'SNAPSHOT_METADATA_SERVICE',
  /**
   * The same for snapshots.
   */
  SNAPSHOT_ACCESSIBILITY_CONSTRAINTS: 'SNAPSHOT_ACCESSIBILITY_CONSTRAINTS',
} as const;

/**
 * The services and promises.
 */
export type _csi_v1_PluginCapability_Service_TypeInit =
  | 'UNKNOWN'
  | 0
  | 'CONTROLLER_SERVICE'
  | 1
  /**
   * Not every node reaches every volume: the CO has to respect accessible_topology.
   */
  | 'VOLUME_ACCESSIBILITY_CONSTRAINTS'
  | 2
  | 'GROUP_CONTROLLER_SERVICE'
  | 3
  | 'SNAPSHOT_METADATA_SERVICE'
  | 4
  /**
   * The same for snapshots.
   */
  | 'SNAPSHOT_ACCESSIBILITY_CONSTRAINTS'
  | 5

/**
 * The services and promises.
 */
export type _csi_v1_PluginCapability_Service_Type = typeof _csi_v1_PluginCapability_Service_Type[keyof typeof _csi_v1_PluginCapability_Service_Type]

// Original file: proto/csi.proto

/**
 * The two ways.
 */
export const _csi_v1_PluginCapability_VolumeExpansion_Type = {
  UNKNOWN: 'UNKNOWN',
  /**
   * While it is published as well.
   */
  ONLINE: 'ONLINE',
  /**
   * Only while it is not published.
   */
  OFFLINE: 'OFFLINE',
} as const;

/**
 * The two ways.
 */
export type _csi_v1_PluginCapability_VolumeExpansion_TypeInit =
  | 'UNKNOWN'
  | 0
  /**
   * While it is published as well.
   */
  | 'ONLINE'
  | 1
  /**
   * Only while it is not published.
   */
  | 'OFFLINE'
  | 2

/**
 * The two ways.
 */
export type _csi_v1_PluginCapability_VolumeExpansion_Type = typeof _csi_v1_PluginCapability_VolumeExpansion_Type[keyof typeof _csi_v1_PluginCapability_VolumeExpansion_Type]

/**
 * When a volume can be enlarged.
 */
export interface _csi_v1_PluginCapability_VolumeExpansionInit {
  'type'?: (_csi_v1_PluginCapability_VolumeExpansion_TypeInit);
}

/**
 * When a volume can be enlarged.
 */
export interface _csi_v1_PluginCapability_VolumeExpansion {
  'type': (_csi_v1_PluginCapability_VolumeExpansion_Type);
}

/**
 * One thing that the driver as a whole can do.
 */
export interface PluginCapabilityInit {
  'service'?: (_csi_v1_PluginCapability_ServiceInit | null);
  'volumeExpansion'?: (_csi_v1_PluginCapability_VolumeExpansionInit | null);
  'type'?: "service"|"volumeExpansion";
}

/**
 * One thing that the driver as a whole can do.
 */
export interface PluginCapability {
  'service'?: (_csi_v1_PluginCapability_Service | null);
  'volumeExpansion'?: (_csi_v1_PluginCapability_VolumeExpansion | null);
  'type'?: "service"|"volumeExpansion";
}
