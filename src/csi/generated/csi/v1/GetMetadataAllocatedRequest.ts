// Original file: proto/csi.proto

import type { Long } from '@grpc/proto-loader';

/**
 * Which snapshot, from where on.
 */
export interface GetMetadataAllocatedRequestInit {
  'snapshotId'?: (string);
  /**
   * The first piece ends behind it. Beyond the volume's end: OUT_OF_RANGE.
   */
  'startingOffset'?: (number | string | Long);
  /**
   * Pieces per message of the stream; zero leaves it to us.
   */
  'maxResults'?: (number);
  'secrets'?: ({[key: string]: string});
}

/**
 * Which snapshot, from where on.
 */
export interface GetMetadataAllocatedRequest {
  'snapshotId': (string);
  /**
   * The first piece ends behind it. Beyond the volume's end: OUT_OF_RANGE.
   */
  'startingOffset': (string);
  /**
   * Pieces per message of the stream; zero leaves it to us.
   */
  'maxResults': (number);
  'secrets': ({[key: string]: string});
}
