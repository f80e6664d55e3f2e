// Original file: proto/csi.proto

import type { VolumeHealthErrorTypeInit as _csi_v1_VolumeHealthErrorTypeInit, VolumeHealthErrorType as _csi_v1_VolumeHealthErrorType } from '../../csi/v1/VolumeHealthErrorType.ts';

/**
 * One complaint. No other of this volume has the same status and reason.
 */
export interface _csi_v1_VolumeHealth_VolumeHealthEntryInit {
  'status'?: (_csi_v1_VolumeHealthErrorTypeInit);
  /**
   * For programs, one word in CamelCase; required.
   */
  'reason'?: (string);
  /**
   * For people.
   */
  'message'?: (string);
}

/**
 * One complaint. No other of this volume has the same status and reason.
 */
export interface _csi_v1_VolumeHealth_VolumeHealthEntry {
  'status': (_csi_v1_VolumeHealthErrorType);
  /**
   * For programs, one word in CamelCase; required.
   */
  'reason': (string);
  /**
   * For people.
   */
  'message': (string);
}

/**
 * What ails a volume.
 */
export interface VolumeHealthInit {
  'volumeId'?: (string);
  /**
   * None at all means healthy.
   */
  'healthStatuses'?: (_csi_v1_VolumeHealth_VolumeHealthEntryInit)[];
}

/**
 * What ails a volume.
 */
export interface VolumeHealth {
  'volumeId': (string);
  /**
   * None at all means healthy.
   */
  'healthStatuses': (_csi_v1_VolumeHealth_VolumeHealthEntry)[];
}
