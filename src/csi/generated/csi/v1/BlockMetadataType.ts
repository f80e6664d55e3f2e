// Original file: proto/csi.proto

/**
 * How a stream of block metadata is cut into pieces; one stream keeps to one kind.
 */
export const BlockMetadataType = {
  UNKNOWN: 'UNKNOWN',
  /**
   * All pieces have the same size.
   */
  FIXED_LENGTH: 'FIXED_LENGTH',
  VARIABLE_LENGTH: 'VARIABLE_LENGTH',
} as const;

/**
 * How a stream of block metadata is cut into pieces; one stream keeps to one kind.
 */
export type BlockMetadataTypeInit =
  | 'UNKNOWN'
  | 0
  /**
   * All pieces have the same size.
   */
  | 'FIXED_LENGTH'
  | 1
  | 'VARIABLE_LENGTH'
  | 2

/**
 * How a stream of block metadata is cut into pieces; one stream keeps to one kind.
 */
export type BlockMetadataType = typeof BlockMetadataType[keyof typeof BlockMetadataType]
