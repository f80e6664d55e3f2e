// Original file: proto/csi.proto

import type { BlockMetadataTypeInit as _csi_v1_BlockMetadataTypeInit, BlockMetadataType as _csi_v1_BlockMetadataType } from '../../csi/v1/BlockMetadataType.ts';
import type { BlockMetadataInit as _csi_v1_BlockMetadataInit, BlockMetadata as _csi_v1_BlockMetadata } from '../../csi/v1/BlockMetadata.ts';
import type { Long } from '@grpc/proto-loader';

/**
 * Some pieces, in one message of the stream.
 */
export interface GetMetadataDeltaResponseInit {
  'blockMetadataType'?: (_csi_v1_BlockMetadataTypeInit);
  'volumeCapacityBytes'?: (number | string | Long);
  'blockMetadata'?: (_csi_v1_BlockMetadataInit)[];
}

/**
 * Some pieces, in one message of the stream.
 */
export interface GetMetadataDeltaResponse {
  'blockMetadataType': (_csi_v1_BlockMetadataType);
  'volumeCapacityBytes': (string);
  'blockMetadata': (_csi_v1_BlockMetadata)[];
}
