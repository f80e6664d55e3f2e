// Original file: null


export interface StringValueInit {
  'value'?: (string);
}

export interface StringValue {
  'value': (string);
}
