// Original file: proto/csi.proto

import type { Long } from '@grpc/proto-loader';

/**
 * What size is acceptable. Zero leaves that side open; both zero is not a range.
 */
export interface CapacityRangeInit {
  'requiredBytes'?: (number | string | Long);
  'limitBytes'?: (number | string | Long);
}

/**
 * What size is acceptable. Zero leaves that side open; both zero is not a range.
 */
export interface CapacityRange {
  'requiredBytes': (string);
  'limitBytes': (string);
}
