// Original file: null


export interface _google_protobuf_SourceCodeInfo_LocationInit {
  'path'?: (number)[];
  'span'?: (number)[];
  'leadingComments'?: (string);
  'trailingComments'?: (string);
  'leadingDetachedComments'?: (string)[];
}

export interface _google_protobuf_SourceCodeInfo_Location {
  'path': (number)[];
  'span': (number)[];
  'leadingComments': (string);
  'trailingComments': (string);
  'leadingDetachedComments': (string)[];
}

export interface SourceCodeInfoInit {
  'location'?: (_google_protobuf_SourceCodeInfo_LocationInit)[];
}

export interface SourceCodeInfo {
  'location': (_google_protobuf_SourceCodeInfo_Location)[];
}
