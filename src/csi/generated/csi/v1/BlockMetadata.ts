// Original file: proto/csi.proto

import type { Long } from '@grpc/proto-loader';

/**
 * One piece of a snapshot. Pieces ascend and never overlap.
 */
export interface BlockMetadataInit {
  'byteOffset'?: (number | string | Long);
  /**
   * More than zero.
   */
  'sizeBytes'?: (number | string | Long);
}

/**
 * One piece of a snapshot. Pieces ascend and never overlap.
 */
export interface BlockMetadata {
  'byteOffset': (string);
  /**
   * More than zero.
   */
  'sizeBytes': (string);
}
