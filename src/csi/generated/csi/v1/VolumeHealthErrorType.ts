// Original file: proto/csi.proto

/**
 * What is wrong with a volume.
 */
export const VolumeHealthErrorType = {
  UNKNOWN_VOLUME_HEALTH_TYPE: 'UNKNOWN_VOLUME_HEALTH_TYPE',
  /**
   * It works, but worse than it should.
   */
  DEGRADED: 'DEGRADED',
  /**
   * It cannot be read or written now.
   */
  INACCESSIBLE: 'INACCESSIBLE',
  /**
   * Some of its content is gone.
   */
  DATA_LOSS: 'DATA_LOSS',
} as const;

/**
 * What is wrong with a volume.
 */
export type VolumeHealthErrorTypeInit =
  | 'UNKNOWN_VOLUME_HEALTH_TYPE'
  | 0
  /**
   * It works, but worse than it should.
   */
  | 'DEGRADED'
  | 1
  /**
   * It cannot be read or written now.
   */
  | 'INACCESSIBLE'
  | 2
  /**
   * Some of its content is gone.
   */
  | 'DATA_LOSS'
  | 3

/**
 * What is wrong with a volume.
 */
export type VolumeHealthErrorType = typeof VolumeHealthErrorType[keyof typeof VolumeHealthErrorType]
