// Original file: proto/pluginregistration.proto


export interface PluginInfoInit {
  /**
   * `CSIPlugin` for a CSI driver.
   */
  'type'?: (string);
  /**
   * The driver's CSI name.
   */
  'name'?: (string);
  /**
   * The path of the driver's CSI socket, as the kubelet sees it.
   */
  'endpoint'?: (string);
  /**
   * Versions of CSI.
   */
  'supportedVersions'?: (string)[];
}

export interface PluginInfo {
  /**
   * `CSIPlugin` for a CSI driver.
   */
  'type': (string);
  /**
   * The driver's CSI name.
   */
  'name': (string);
  /**
   * The path of the driver's CSI socket, as the kubelet sees it.
   */
  'endpoint': (string);
  /**
   * Versions of CSI.
   */
  'supportedVersions': (string)[];
}
