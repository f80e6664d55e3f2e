// Original file: null


export interface BoolValueInit {
  'value'?: (boolean);
}

export interface BoolValue {
  'value': (boolean);
}
