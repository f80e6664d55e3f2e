// Original file: proto/csi.proto

import type { Long } from '@grpc/proto-loader';

/**
 * Which two snapshots, from where on.
 */
export interface GetMetadataDeltaRequestInit {
  /**
   * The older one.
   */
  'baseSnapshotId'?: (string);
  'targetSnapshotId'?: (string);
  /**
   * As of GetMetadataAllocatedRequest.
   */
  'startingOffset'?: (number | string | Long);
  /**
   * As of GetMetadataAllocatedRequest.
   */
  'maxResults'?: (number);
  'secrets'?: ({[key: string]: string});
}

/**
 * Which two snapshots, from where on.
 */
export interface GetMetadataDeltaRequest {
  /**
   * The older one.
   */
  'baseSnapshotId': (string);
  'targetSnapshotId': (string);
  /**
   * As of GetMetadataAllocatedRequest.
   */
  'startingOffset': (string);
  /**
   * As of GetMetadataAllocatedRequest.
   */
  'maxResults': (number);
  'secrets': ({[key: string]: string});
}
