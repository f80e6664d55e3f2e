// Original file: proto/csi.proto

import type { BoolValueInit as _google_protobuf_BoolValueInit, BoolValue as _google_protobuf_BoolValue } from '../../google/protobuf/BoolValue.ts';

/**
 * A driver that is ill answers with an error instead.
 */
export interface ProbeResponseInit {
  /**
   * False while the driver still starts; absent means true.
   */
  'ready'?: (_google_protobuf_BoolValueInit | null);
}

/**
 * A driver that is ill answers with an error instead.
 */
export interface ProbeResponse {
  /**
   * False while the driver still starts; absent means true.
   */
  'ready': (_google_protobuf_BoolValue | null);
}
