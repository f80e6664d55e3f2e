// Original file: null

import type { FieldDescriptorProtoInit as _google_protobuf_FieldDescriptorProtoInit, FieldDescriptorProto as _google_protobuf_FieldDescriptorProto } from '../../google/protobuf/FieldDescriptorProto.ts';
import type { DescriptorProtoInit as _google_protobuf_DescriptorProtoInit, DescriptorProto as _google_protobuf_DescriptorProto } from '../../google/protobuf/DescriptorProto.ts';
import type { EnumDescriptorProtoInit as _google_protobuf_EnumDescriptorProtoInit, EnumDescriptorProto as _google_protobuf_EnumDescriptorProto } from '../../google/protobuf/EnumDescriptorProto.ts';
import type { MessageOptionsInit as _google_protobuf_MessageOptionsInit, MessageOptions as _google_protobuf_MessageOptions } from '../../google/protobuf/MessageOptions.ts';
import type { OneofDescriptorProtoInit as _google_protobuf_OneofDescriptorProtoInit, OneofDescriptorProto as _google_protobuf_OneofDescriptorProto } from '../../google/protobuf/OneofDescriptorProto.ts';
import type { SymbolVisibilityInit as _google_protobuf_SymbolVisibilityInit, SymbolVisibility as _google_protobuf_SymbolVisibility } from '../../google/protobuf/SymbolVisibility.ts';
import type { ExtensionRangeOptionsInit as _google_protobuf_ExtensionRangeOptionsInit, ExtensionRangeOptions as _google_protobuf_ExtensionRangeOptions } from '../../google/protobuf/ExtensionRangeOptions.ts';

export interface _google_protobuf_DescriptorProto_ExtensionRangeInit {
  'start'?: (number);
  'end'?: (number);
  'options'?: (_google_protobuf_ExtensionRangeOptionsInit | null);
}

export interface _google_protobuf_DescriptorProto_ExtensionRange {
  'start': (number);
  'end': (number);
  'options': (_google_protobuf_ExtensionRangeOptions | null);
}

export interface _google_protobuf_DescriptorProto_ReservedRangeInit {
  'start'?: (number);
  'end'?: (number);
}

export interface _google_protobuf_DescriptorProto_ReservedRange {
  'start': (number);
  'end': (number);
}

export interface DescriptorProtoInit {
  'name'?: (string);
  'field'?: (_google_protobuf_FieldDescriptorProtoInit)[];
  'nestedType'?: (_google_protobuf_DescriptorProtoInit)[];
  'enumType'?: (_google_protobuf_EnumDescriptorProtoInit)[];
  'extensionRange'?: (_google_protobuf_DescriptorProto_ExtensionRangeInit)[];
  'extension'?: (_google_protobuf_FieldDescriptorProtoInit)[];
  'options'?: (_google_protobuf_MessageOptionsInit | null);
  'oneofDecl'?: (_google_protobuf_OneofDescriptorProtoInit)[];
  'reservedRange'?: (_google_protobuf_DescriptorProto_ReservedRangeInit)[];
  'reservedName'?: (string)[];
  'visibility'?: (_google_protobuf_SymbolVisibilityInit);
}

export interface DescriptorProto {
  'name': (string);
  'field': (_google_protobuf_FieldDescriptorProto)[];
  'nestedType': (_google_protobuf_DescriptorProto)[];
  'enumType': (_google_protobuf_EnumDescriptorProto)[];
  'extensionRange': (_google_protobuf_DescriptorProto_ExtensionRange)[];
  'extension': (_google_protobuf_FieldDescriptorProto)[];
  'options': (_google_protobuf_MessageOptions | null);
  'oneofDecl': (_google_protobuf_OneofDescriptorProto)[];
  'reservedRange': (_google_protobuf_DescriptorProto_ReservedRange)[];
  'reservedName': (string)[];
  'visibility': (_google_protobuf_SymbolVisibility);
}
