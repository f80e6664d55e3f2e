// Original file: proto/csi.proto

/**
 * What is wrong with the storage behind the volumes.
 */
export const StorageHealthErrorType = {
  UNKNOWN_STORAGE_HEALTH_ERROR_TYPE: 'UNKNOWN_STORAGE_HEALTH_ERROR_TYPE',
  STORAGE_DEGRADED: 'STORAGE_DEGRADED',
  STORAGE_UNREACHABLE: 'STORAGE_UNREACHABLE',
} as const;

/**
 * What is wrong with the storage behind the volumes.
 */
export type StorageHealthErrorTypeInit =
  | 'UNKNOWN_STORAGE_HEALTH_ERROR_TYPE'
  | 0
  | 'STORAGE_DEGRADED'
  | 1
  | 'STORAGE_UNREACHABLE'
  | 2

/**
 * What is wrong with the storage behind the volumes.
 */
export type StorageHealthErrorType = typeof StorageHealthErrorType[keyof typeof StorageHealthErrorType]
