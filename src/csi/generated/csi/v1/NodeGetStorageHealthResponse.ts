// Original file: proto/csi.proto

import type { StorageHealthErrorTypeInit as _csi_v1_StorageHealthErrorTypeInit, StorageHealthErrorType as _csi_v1_StorageHealthErrorType } from '../../csi/v1/StorageHealthErrorType.ts';
import type { VolumeCapabilityInit as _csi_v1_VolumeCapabilityInit, VolumeCapability as _csi_v1_VolumeCapability } from '../../csi/v1/VolumeCapability.ts';

/**
 * One complaint.
 */
export interface _csi_v1_NodeGetStorageHealthResponse_StorageBackendHealthInit {
  'status'?: (_csi_v1_StorageHealthErrorTypeInit);
  /**
   * For programs.
   */
  'reason'?: (string);
  /**
   * For people.
   */
  'message'?: (string);
  /**
   * What kind of volumes it is about.
   */
  'volumeCapability'?: (_csi_v1_VolumeCapabilityInit | null);
}

/**
 * One complaint.
 */
export interface _csi_v1_NodeGetStorageHealthResponse_StorageBackendHealth {
  'status': (_csi_v1_StorageHealthErrorType);
  /**
   * For programs.
   */
  'reason': (string);
  /**
   * For people.
   */
  'message': (string);
  /**
   * What kind of volumes it is about.
   */
  'volumeCapability': (_csi_v1_VolumeCapability | null);
}

/**
 * What ails the storage.
 */
export interface NodeGetStorageHealthResponseInit {
  'backendHealth'?: (_csi_v1_NodeGetStorageHealthResponse_StorageBackendHealthInit)[];
}

/**
 * What ails the storage.
 */
export interface NodeGetStorageHealthResponse {
  'backendHealth': (_csi_v1_NodeGetStorageHealthResponse_StorageBackendHealth)[];
}
