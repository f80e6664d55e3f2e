// Original file: proto/csi.proto

import type { Int64ValueInit as _google_protobuf_Int64ValueInit, Int64Value as _google_protobuf_Int64Value } from '../../google/protobuf/Int64Value.ts';
import type { Long } from '@grpc/proto-loader';

/**
 * What could be made now.
 */
export interface GetCapacityResponseInit {
  /**
   * Zero also for a topology that we do not serve. Never negative.
   */
  'availableCapacity'?: (number | string | Long);
  /**
   * The largest single volume; absent means unknown.
   */
  'maximumVolumeSize'?: (_google_protobuf_Int64ValueInit | null);
  /**
   * The smallest single volume; absent means unknown.
   */
  'minimumVolumeSize'?: (_google_protobuf_Int64ValueInit | null);
}

/**
 * What could be made now.
 */
export interface GetCapacityResponse {
  /**
   * Zero also for a topology that we do not serve. Never negative.
   */
  'availableCapacity': (string);
  /**
   * The largest single volume; absent means unknown.
   */
  'maximumVolumeSize': (_google_protobuf_Int64Value | null);
  /**
   * The smallest single volume; absent means unknown.
   */
  'minimumVolumeSize': (_google_protobuf_Int64Value | null);
}
