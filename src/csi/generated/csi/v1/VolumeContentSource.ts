// Original file: proto/csi.proto


/**
 * Restores this snapshot.
 */
export interface _csi_v1_VolumeContentSource_SnapshotSourceInit {
  'snapshotId'?: (string);
}

/**
 * Restores this snapshot.
 */
export interface _csi_v1_VolumeContentSource_SnapshotSource {
  'snapshotId': (string);
}

/**
 * Clones this volume.
 */
export interface _csi_v1_VolumeContentSource_VolumeSourceInit {
  'volumeId'?: (string);
}

/**
 * Clones this volume.
 */
export interface _csi_v1_VolumeContentSource_VolumeSource {
  'volumeId': (string);
}

/**
 * A snapshot or a volume to copy.
 */
export interface VolumeContentSourceInit {
  'snapshot'?: (_csi_v1_VolumeContentSource_SnapshotSourceInit | null);
  'volume'?: (_csi_v1_VolumeContentSource_VolumeSourceInit | null);
  'type'?: "snapshot"|"volume";
}

/**
 * A snapshot or a volume to copy.
 */
export interface VolumeContentSource {
  'snapshot'?: (_csi_v1_VolumeContentSource_SnapshotSource | null);
  'volume'?: (_csi_v1_VolumeContentSource_VolumeSource | null);
  'type'?: "snapshot"|"volume";
}
