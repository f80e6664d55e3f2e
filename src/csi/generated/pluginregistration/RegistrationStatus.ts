// Original file: proto/pluginregistration.proto


export interface RegistrationStatusInit {
  'pluginRegistered'?: (boolean);
  /**
   * Why it was not registered.
   */
  'error'?: (string);
}

export interface RegistrationStatus {
  'pluginRegistered': (boolean);
  /**
   * Why it was not registered.
   */
  'error': (string);
}
