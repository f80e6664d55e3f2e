// Original file: proto/csi.proto


/**
 * The driver's identity.
 */
export interface GetPluginInfoResponseInit {
  /**
   * A domain name, at most 63 characters. PersistentVolumes keep it, so it can never change.
   */
  'name'?: (string);
  'vendorVersion'?: (string);
  /**
   * Free text about the build.
   */
  'manifest'?: ({[key: string]: string});
}

/**
 * The driver's identity.
 */
export interface GetPluginInfoResponse {
  /**
   * A domain name, at most 63 characters. PersistentVolumes keep it, so it can never change.
   */
  'name': (string);
  'vendorVersion': (string);
  /**
   * Free text about the build.
   */
  'manifest': ({[key: string]: string});
}
