// Original file: null

import type { FeatureSetInit as _google_protobuf_FeatureSetInit, FeatureSet as _google_protobuf_FeatureSet } from '../../google/protobuf/FeatureSet.ts';
import type { _google_protobuf_FieldOptions_FeatureSupportInit, _google_protobuf_FieldOptions_FeatureSupport } from '../../google/protobuf/FieldOptions.ts';
import type { UninterpretedOptionInit as _google_protobuf_UninterpretedOptionInit, UninterpretedOption as _google_protobuf_UninterpretedOption } from '../../google/protobuf/UninterpretedOption.ts';

export interface EnumValueOptionsInit {
  'deprecated'?: (boolean);
  'features'?: (_google_protobuf_FeatureSetInit | null);
  'debugRedact'?: (boolean);
  'featureSupport'?: (_google_protobuf_FieldOptions_FeatureSupportInit | null);
  'uninterpretedOption'?: (_google_protobuf_UninterpretedOptionInit)[];
  '.csi.v1.alphaEnumValue'?: (boolean);
}

export interface EnumValueOptions {
  'deprecated': (boolean);
  'features': (_google_protobuf_FeatureSet | null);
  'debugRedact': (boolean);
  'featureSupport': (_google_protobuf_FieldOptions_FeatureSupport | null);
  'uninterpretedOption': (_google_protobuf_UninterpretedOption)[];
  '.csi.v1.alphaEnumValue': (boolean);
}
