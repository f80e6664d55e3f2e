// Original file: proto/csi.proto

import type * as grpc from '@grpc/grpc-js'
import type { MethodDefinition } from '@grpc/proto-loader'
import type { ControllerExpandVolumeRequestInit as _csi_v1_ControllerExpandVolumeRequestInit, ControllerExpandVolumeRequest as _csi_v1_ControllerExpandVolumeRequest } from '../../csi/v1/ControllerExpandVolumeRequest.ts';
import type { ControllerExpandVolumeResponseInit as _csi_v1_ControllerExpandVolumeResponseInit, ControllerExpandVolumeResponse as _csi_v1_ControllerExpandVolumeResponse } from '../../csi/v1/ControllerExpandVolumeResponse.ts';
import type { ControllerGetCapabilitiesRequestInit as _csi_v1_ControllerGetCapabilitiesRequestInit, ControllerGetCapabilitiesRequest as _csi_v1_ControllerGetCapabilitiesRequest } from '../../csi/v1/ControllerGetCapabilitiesRequest.ts';
import type { ControllerGetCapabilitiesResponseInit as _csi_v1_ControllerGetCapabilitiesResponseInit, ControllerGetCapabilitiesResponse as _csi_v1_ControllerGetCapabilitiesResponse } from '../../csi/v1/ControllerGetCapabilitiesResponse.ts';
import type { ControllerGetVolumeHealthRequestInit as _csi_v1_ControllerGetVolumeHealthRequestInit, ControllerGetVolumeHealthRequest as _csi_v1_ControllerGetVolumeHealthRequest } from '../../csi/v1/ControllerGetVolumeHealthRequest.ts';
import type { ControllerGetVolumeHealthResponseInit as _csi_v1_ControllerGetVolumeHealthResponseInit, ControllerGetVolumeHealthResponse as _csi_v1_ControllerGetVolumeHealthResponse } from '../../csi/v1/ControllerGetVolumeHealthResponse.ts';
import type { ControllerGetVolumeRequestInit as _csi_v1_ControllerGetVolumeRequestInit, ControllerGetVolumeRequest as _csi_v1_ControllerGetVolumeRequest } from '../../csi/v1/ControllerGetVolumeRequest.ts';
import type { ControllerGetVolumeResponseInit as _csi_v1_ControllerGetVolumeResponseInit, ControllerGetVolumeResponse as _csi_v1_ControllerGetVolumeResponse } from '../../csi/v1/ControllerGetVolumeResponse.ts';
import type { ControllerListVolumeHealthRequestInit as _csi_v1_ControllerListVolumeHealthRequestInit, ControllerListVolumeHealthRequest as _csi_v1_ControllerListVolumeHealthRequest } from '../../csi/v1/ControllerListVolumeHealthRequest.ts';
import type { ControllerListVolumeHealthResponseInit as _csi_v1_ControllerListVolumeHealthResponseInit, ControllerListVolumeHealthResponse as _csi_v1_ControllerListVolumeHealthResponse } from '../../csi/v1/ControllerListVolumeHealthResponse.ts';
import type { ControllerModifyVolumeRequestInit as _csi_v1_ControllerModifyVolumeRequestInit, ControllerModifyVolumeRequest as _csi_v1_ControllerModifyVolumeRequest } from '../../csi/v1/ControllerModifyVolumeRequest.ts';
import type { ControllerModifyVolumeResponseInit as _csi_v1_ControllerModifyVolumeResponseInit, ControllerModifyVolumeResponse as _csi_v1_ControllerModifyVolumeResponse } from '../../csi/v1/ControllerModifyVolumeResponse.ts';
import type { ControllerPublishVolumeRequestInit as _csi_v1_ControllerPublishVolumeRequestInit, ControllerPublishVolumeRequest as _csi_v1_ControllerPublishVolumeRequest } from '../../csi/v1/ControllerPublishVolumeRequest.ts';
import type { ControllerPublishVolumeResponseInit as _csi_v1_ControllerPublishVolumeResponseInit, ControllerPublishVolumeResponse as _csi_v1_ControllerPublishVolumeResponse } from '../../csi/v1/ControllerPublishVolumeResponse.ts';
import type { ControllerUnpublishVolumeRequestInit as _csi_v1_ControllerUnpublishVolumeRequestInit, ControllerUnpublishVolumeRequest as _csi_v1_ControllerUnpublishVolumeRequest } from '../../csi/v1/ControllerUnpublishVolumeRequest.ts';
import type { ControllerUnpublishVolumeResponseInit as _csi_v1_ControllerUnpublishVolumeResponseInit, ControllerUnpublishVolumeResponse as _csi_v1_ControllerUnpublishVolumeResponse } from '../../csi/v1/ControllerUnpublishVolumeResponse.ts';
import type { CreateSnapshotRequestInit as _csi_v1_CreateSnapshotRequestInit, CreateSnapshotRequest as _csi_v1_CreateSnapshotRequest } from '../../csi/v1/CreateSnapshotRequest.ts';
import type { CreateSnapshotResponseInit as _csi_v1_CreateSnapshotResponseInit, CreateSnapshotResponse as _csi_v1_CreateSnapshotResponse } from '../../csi/v1/CreateSnapshotResponse.ts';
import type { CreateVolumeRequestInit as _csi_v1_CreateVolumeRequestInit, CreateVolumeRequest as _csi_v1_CreateVolumeRequest } from '../../csi/v1/CreateVolumeRequest.ts';
import type { CreateVolumeResponseInit as _csi_v1_CreateVolumeResponseInit, CreateVolumeResponse as _csi_v1_CreateVolumeResponse } from '../../csi/v1/CreateVolumeResponse.ts';
import type { DeleteSnapshotRequestInit as _csi_v1_DeleteSnapshotRequestInit, DeleteSnapshotRequest as _csi_v1_DeleteSnapshotRequest } from '../../csi/v1/DeleteSnapshotRequest.ts';
import type { DeleteSnapshotResponseInit as _csi_v1_DeleteSnapshotResponseInit, DeleteSnapshotResponse as _csi_v1_DeleteSnapshotResponse } from '../../csi/v1/DeleteSnapshotResponse.ts';
import type { DeleteVolumeRequestInit as _csi_v1_DeleteVolumeRequestInit, DeleteVolumeRequest as _csi_v1_DeleteVolumeRequest } from '../../csi/v1/DeleteVolumeRequest.ts';
import type { DeleteVolumeResponseInit as _csi_v1_DeleteVolumeResponseInit, DeleteVolumeResponse as _csi_v1_DeleteVolumeResponse } from '../../csi/v1/DeleteVolumeResponse.ts';
import type { GetCapacityRequestInit as _csi_v1_GetCapacityRequestInit, GetCapacityRequest as _csi_v1_GetCapacityRequest } from '../../csi/v1/GetCapacityRequest.ts';
import type { GetCapacityResponseInit as _csi_v1_GetCapacityResponseInit, GetCapacityResponse as _csi_v1_GetCapacityResponse } from '../../csi/v1/GetCapacityResponse.ts';
import type { GetSnapshotRequestInit as _csi_v1_GetSnapshotRequestInit, GetSnapshotRequest as _csi_v1_GetSnapshotRequest } from '../../csi/v1/GetSnapshotRequest.ts';
import type { GetSnapshotResponseInit as _csi_v1_GetSnapshotResponseInit, GetSnapshotResponse as _csi_v1_GetSnapshotResponse } from '../../csi/v1/GetSnapshotResponse.ts';
import type { ListSnapshotsRequestInit as _csi_v1_ListSnapshotsRequestInit, ListSnapshotsRequest as _csi_v1_ListSnapshotsRequest } from '../../csi/v1/ListSnapshotsRequest.ts';
import type { ListSnapshotsResponseInit as _csi_v1_ListSnapshotsResponseInit, ListSnapshotsResponse as _csi_v1_ListSnapshotsResponse } from '../../csi/v1/ListSnapshotsResponse.ts';
import type { ListVolumesRequestInit as _csi_v1_ListVolumesRequestInit, ListVolumesRequest as _csi_v1_ListVolumesRequest } from '../../csi/v1/ListVolumesRequest.ts';
import type { ListVolumesResponseInit as _csi_v1_ListVolumesResponseInit, ListVolumesResponse as _csi_v1_ListVolumesResponse } from '../../csi/v1/ListVolumesResponse.ts';
import type { ValidateVolumeCapabilitiesRequestInit as _csi_v1_ValidateVolumeCapabilitiesRequestInit, ValidateVolumeCapabilitiesRequest as _csi_v1_ValidateVolumeCapabilitiesRequest } from '../../csi/v1/ValidateVolumeCapabilitiesRequest.ts';
import type { ValidateVolumeCapabilitiesResponseInit as _csi_v1_ValidateVolumeCapabilitiesResponseInit, ValidateVolumeCapabilitiesResponse as _csi_v1_ValidateVolumeCapabilitiesResponse } from '../../csi/v1/ValidateVolumeCapabilitiesResponse.ts';

/**
 * Volumes and snapshots as things that exist, whether or not a node uses them.
 */
export interface ControllerClient extends grpc.Client {
  /**
   * Enlarges a volume, up to what needs the node (for example its file system).
   */
  ControllerExpandVolume(argument: _csi_v1_ControllerExpandVolumeRequestInit, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_csi_v1_ControllerExpandVolumeResponse>): grpc.ClientUnaryCall;
  ControllerExpandVolume(argument: _csi_v1_ControllerExpandVolumeRequestInit, metadata: grpc.Metadata, callback: grpc.requestCallback<_csi_v1_ControllerExpandVolumeResponse>): grpc.ClientUnaryCall;
  ControllerExpandVolume(argument: _csi_v1_ControllerExpandVolumeRequestInit, options: grpc.CallOptions, callback: grpc.requestCallback<_csi_v1_ControllerExpandVolumeResponse>): grpc.ClientUnaryCall;
  ControllerExpandVolume(argument: _csi_v1_ControllerExpandVolumeRequestInit, callback: grpc.requestCallback<_csi_v1_ControllerExpandVolumeResponse>): grpc.ClientUnaryCall;
  /**
   * Enlarges a volume, up to what needs the node (for example its file system).
   */
  controllerExpandVolume(argument: _csi_v1_ControllerExpandVolumeRequestInit, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_csi_v1_ControllerExpandVolumeResponse>): grpc.ClientUnaryCall;
  controllerExpandVolume(argument: _csi_v1_ControllerExpandVolumeRequestInit, metadata: grpc.Metadata, callback: grpc.requestCallback<_csi_v1_ControllerExpandVolumeResponse>): grpc.ClientUnaryCall;
  controllerExpandVolume(argument: _csi_v1_ControllerExpandVolumeRequestInit, options: grpc.CallOptions, callback: grpc.requestCallback<_csi_v1_ControllerExpandVolumeResponse>): grpc.ClientUnaryCall;
  controllerExpandVolume(argument: _csi_v1_ControllerExpandVolumeRequestInit, callback: grpc.requestCallback<_csi_v1_ControllerExpandVolumeResponse>): grpc.ClientUnaryCall;
  
  /**
   * Which calls of this service the driver has.
   */
  ControllerGetCapabilities(argument: _csi_v1_ControllerGetCapabilitiesRequestInit, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_csi_v1_ControllerGetCapabilitiesResponse>): grpc.ClientUnaryCall;
  ControllerGetCapabilities(argument: _csi_v1_ControllerGetCapabilitiesRequestInit, metadata: grpc.Metadata, callback: grpc.requestCallback<_csi_v1_ControllerGetCapabilitiesResponse>): grpc.ClientUnaryCall;
  ControllerGetCapabilities(argument: _csi_v1_ControllerGetCapabilitiesRequestInit, options: grpc.CallOptions, callback: grpc.requestCallback<_csi_v1_ControllerGetCapabilitiesResponse>): grpc.ClientUnaryCall;
  ControllerGetCapabilities(argument: _csi_v1_ControllerGetCapabilitiesRequestInit, callback: grpc.requestCallback<_csi_v1_ControllerGetCapabilitiesResponse>): grpc.ClientUnaryCall;
  /**
   * Which calls of this service the driver has.
   */
  controllerGetCapabilities(argument: _csi_v1_ControllerGetCapabilitiesRequestInit, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_csi_v1_ControllerGetCapabilitiesResponse>): grpc.ClientUnaryCall;
  controllerGetCapabilities(argument: _csi_v1_ControllerGetCapabilitiesRequestInit, metadata: grpc.Metadata, callback: grpc.requestCallback<_csi_v1_ControllerGetCapabilitiesResponse>): grpc.ClientUnaryCall;
  controllerGetCapabilities(argument: _csi_v1_ControllerGetCapabilitiesRequestInit, options: grpc.CallOptions, callback: grpc.requestCallback<_csi_v1_ControllerGetCapabilitiesResponse>): grpc.ClientUnaryCall;
  controllerGetCapabilities(argument: _csi_v1_ControllerGetCapabilitiesRequestInit, callback: grpc.requestCallback<_csi_v1_ControllerGetCapabilitiesResponse>): grpc.ClientUnaryCall;
  
  /**
   * One volume by its id.
   */
  ControllerGetVolume(argument: _csi_v1_ControllerGetVolumeRequestInit, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_csi_v1_ControllerGetVolumeResponse>): grpc.ClientUnaryCall;
  ControllerGetVolume(argument: _csi_v1_ControllerGetVolumeRequestInit, metadata: grpc.Metadata, callback: grpc.requestCallback<_csi_v1_ControllerGetVolumeResponse>): grpc.ClientUnaryCall;
  ControllerGetVolume(argument: _csi_v1_ControllerGetVolumeRequestInit, options: grpc.CallOptions, callback: grpc.requestCallback<_csi_v1_ControllerGetVolumeResponse>): grpc.ClientUnaryCall;
  ControllerGetVolume(argument: _csi_v1_ControllerGetVolumeRequestInit, callback: grpc.requestCallback<_csi_v1_ControllerGetVolumeResponse>): grpc.ClientUnaryCall;
  /**
   * One volume by its id.
   */
  controllerGetVolume(argument: _csi_v1_ControllerGetVolumeRequestInit, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_csi_v1_ControllerGetVolumeResponse>): grpc.ClientUnaryCall;
  controllerGetVolume(argument: _csi_v1_ControllerGetVolumeRequestInit, metadata: grpc.Metadata, callback: grpc.requestCallback<_csi_v1_ControllerGetVolumeResponse>): grpc.ClientUnaryCall;
  controllerGetVolume(argument: _csi_v1_ControllerGetVolumeRequestInit, options: grpc.CallOptions, callback: grpc.requestCallback<_csi_v1_ControllerGetVolumeResponse>): grpc.ClientUnaryCall;
  controllerGetVolume(argument: _csi_v1_ControllerGetVolumeRequestInit, callback: grpc.requestCallback<_csi_v1_ControllerGetVolumeResponse>): grpc.ClientUnaryCall;
  
  /**
   * Health of one volume.
   */
  ControllerGetVolumeHealth(argument: _csi_v1_ControllerGetVolumeHealthRequestInit, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_csi_v1_ControllerGetVolumeHealthResponse>): grpc.ClientUnaryCall;
  ControllerGetVolumeHealth(argument: _csi_v1_ControllerGetVolumeHealthRequestInit, metadata: grpc.Metadata, callback: grpc.requestCallback<_csi_v1_ControllerGetVolumeHealthResponse>): grpc.ClientUnaryCall;
  ControllerGetVolumeHealth(argument: _csi_v1_ControllerGetVolumeHealthRequestInit, options: grpc.CallOptions, callback: grpc.requestCallback<_csi_v1_ControllerGetVolumeHealthResponse>): grpc.ClientUnaryCall;
  ControllerGetVolumeHealth(argument: _csi_v1_ControllerGetVolumeHealthRequestInit, callback: grpc.requestCallback<_csi_v1_ControllerGetVolumeHealthResponse>): grpc.ClientUnaryCall;
  /**
   * Health of one volume.
   */
  controllerGetVolumeHealth(argument: _csi_v1_ControllerGetVolumeHealthRequestInit, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_csi_v1_ControllerGetVolumeHealthResponse>): grpc.ClientUnaryCall;
  controllerGetVolumeHealth(argument: _csi_v1_ControllerGetVolumeHealthRequestInit, metadata: grpc.Metadata, callback: grpc.requestCallback<_csi_v1_ControllerGetVolumeHealthResponse>): grpc.ClientUnaryCall;
  controllerGetVolumeHealth(argument: _csi_v1_ControllerGetVolumeHealthRequestInit, options: grpc.CallOptions, callback: grpc.requestCallback<_csi_v1_ControllerGetVolumeHealthResponse>): grpc.ClientUnaryCall;
  controllerGetVolumeHealth(argument: _csi_v1_ControllerGetVolumeHealthRequestInit, callback: grpc.requestCallback<_csi_v1_ControllerGetVolumeHealthResponse>): grpc.ClientUnaryCall;
  
  /**
   * Health of all volumes, in pages.
   */
  ControllerListVolumeHealth(argument: _csi_v1_ControllerListVolumeHealthRequestInit, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_csi_v1_ControllerListVolumeHealthResponse>): grpc.ClientUnaryCall;
  ControllerListVolumeHealth(argument: _csi_v1_ControllerListVolumeHealthRequestInit, metadata: grpc.Metadata, callback: grpc.requestCallback<_csi_v1_ControllerListVolumeHealthResponse>): grpc.ClientUnaryCall;
  ControllerListVolumeHealth(argument: _csi_v1_ControllerListVolumeHealthRequestInit, options: grpc.CallOptions, callback: grpc.requestCallback<_csi_v1_ControllerListVolumeHealthResponse>): grpc.ClientUnaryCall;
  ControllerListVolumeHealth(argument: _csi_v1_ControllerListVolumeHealthRequestInit, callback: grpc.requestCallback<_csi_v1_ControllerListVolumeHealthResponse>): grpc.ClientUnaryCall;
  /**
   * Health of all volumes, in pages.
   */
  controllerListVolumeHealth(argument: _csi_v1_ControllerListVolumeHealthRequestInit, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_csi_v1_ControllerListVolumeHealthResponse>): grpc.ClientUnaryCall;
  controllerListVolumeHealth(argument: _csi_v1_ControllerListVolumeHealthRequestInit, metadata: grpc.Metadata, callback: grpc.requestCallback<_csi_v1_ControllerListVolumeHealthResponse>): grpc.ClientUnaryCall;
  controllerListVolumeHealth(argument: _csi_v1_ControllerListVolumeHealthRequestInit, options: grpc.CallOptions, callback: grpc.requestCallback<_csi_v1_ControllerListVolumeHealthResponse>): grpc.ClientUnaryCall;
  controllerListVolumeHealth(argument: _csi_v1_ControllerListVolumeHealthRequestInit, callback: grpc.requestCallback<_csi_v1_ControllerListVolumeHealthResponse>): grpc.ClientUnaryCall;
  
  /**
   * Changes mutable parameters of a volume: all of the given ones, or none.
   */
  ControllerModifyVolume(argument: _csi_v1_ControllerModifyVolumeRequestInit, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_csi_v1_ControllerModifyVolumeResponse>): grpc.ClientUnaryCall;
  ControllerModifyVolume(argument: _csi_v1_ControllerModifyVolumeRequestInit, metadata: grpc.Metadata, callback: grpc.requestCallback<_csi_v1_ControllerModifyVolumeResponse>): grpc.ClientUnaryCall;
  ControllerModifyVolume(argument: _csi_v1_ControllerModifyVolumeRequestInit, options: grpc.CallOptions, callback: grpc.requestCallback<_csi_v1_ControllerModifyVolumeResponse>): grpc.ClientUnaryCall;
  ControllerModifyVolume(argument: _csi_v1_ControllerModifyVolumeRequestInit, callback: grpc.requestCallback<_csi_v1_ControllerModifyVolumeResponse>): grpc.ClientUnaryCall;
  /**
   * Changes mutable parameters of a volume: all of the given ones, or none.
   */
  controllerModifyVolume(argument: _csi_v1_ControllerModifyVolumeRequestInit, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_csi_v1_ControllerModifyVolumeResponse>): grpc.ClientUnaryCall;
  controllerModifyVolume(argument: _csi_v1_ControllerModifyVolumeRequestInit, metadata: grpc.Metadata, callback: grpc.requestCallback<_csi_v1_ControllerModifyVolumeResponse>): grpc.ClientUnaryCall;
  controllerModifyVolume(argument: _csi_v1_ControllerModifyVolumeRequestInit, options: grpc.CallOptions, callback: grpc.requestCallback<_csi_v1_ControllerModifyVolumeResponse>): grpc.ClientUnaryCall;
  controllerModifyVolume(argument: _csi_v1_ControllerModifyVolumeRequestInit, callback: grpc.requestCallback<_csi_v1_ControllerModifyVolumeResponse>): grpc.ClientUnaryCall;
  
  /**
   * Attaches a volume to a node from outside of that node.
   */
  ControllerPublishVolume(argument: _csi_v1_ControllerPublishVolumeRequestInit, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_csi_v1_ControllerPublishVolumeResponse>): grpc.ClientUnaryCall;
  ControllerPublishVolume(argument: _csi_v1_ControllerPublishVolumeRequestInit, metadata: grpc.Metadata, callback: grpc.requestCallback<_csi_v1_ControllerPublishVolumeResponse>): grpc.ClientUnaryCall;
  ControllerPublishVolume(argument: _csi_v1_ControllerPublishVolumeRequestInit, options: grpc.CallOptions, callback: grpc.requestCallback<_csi_v1_ControllerPublishVolumeResponse>): grpc.ClientUnaryCall;
  ControllerPublishVolume(argument: _csi_v1_ControllerPublishVolumeRequestInit, callback: grpc.requestCallback<_csi_v1_ControllerPublishVolumeResponse>): grpc.ClientUnaryCall;
  /**
   * Attaches a volume to a node from outside of that node.
   */
  controllerPublishVolume(argument: _csi_v1_ControllerPublishVolumeRequestInit, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_csi_v1_ControllerPublishVolumeResponse>): grpc.ClientUnaryCall;
  controllerPublishVolume(argument: _csi_v1_ControllerPublishVolumeRequestInit, metadata: grpc.Metadata, callback: grpc.requestCallback<_csi_v1_ControllerPublishVolumeResponse>): grpc.ClientUnaryCall;
  controllerPublishVolume(argument: _csi_v1_ControllerPublishVolumeRequestInit, options: grpc.CallOptions, callback: grpc.requestCallback<_csi_v1_ControllerPublishVolumeResponse>): grpc.ClientUnaryCall;
  controllerPublishVolume(argument: _csi_v1_ControllerPublishVolumeRequestInit, callback: grpc.requestCallback<_csi_v1_ControllerPublishVolumeResponse>): grpc.ClientUnaryCall;
  
  /**
   * The reverse of ControllerPublishVolume.
   */
  ControllerUnpublishVolume(argument: _csi_v1_ControllerUnpublishVolumeRequestInit, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_csi_v1_ControllerUnpublishVolumeResponse>): grpc.ClientUnaryCall;
  ControllerUnpublishVolume(argument: _csi_v1_ControllerUnpublishVolumeRequestInit, metadata: grpc.Metadata, callback: grpc.requestCallback<_csi_v1_ControllerUnpublishVolumeResponse>): grpc.ClientUnaryCall;
  ControllerUnpublishVolume(argument: _csi_v1_ControllerUnpublishVolumeRequestInit, options: grpc.CallOptions, callback: grpc.requestCallback<_csi_v1_ControllerUnpublishVolumeResponse>): grpc.ClientUnaryCall;
  ControllerUnpublishVolume(argument: _csi_v1_ControllerUnpublishVolumeRequestInit, callback: grpc.requestCallback<_csi_v1_ControllerUnpublishVolumeResponse>): grpc.ClientUnaryCall;
  /**
   * The reverse of ControllerPublishVolume.
   */
  controllerUnpublishVolume(argument: _csi_v1_ControllerUnpublishVolumeRequestInit, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_csi_v1_ControllerUnpublishVolumeResponse>): grpc.ClientUnaryCall;
  controllerUnpublishVolume(argument: _csi_v1_ControllerUnpublishVolumeRequestInit, metadata: grpc.Metadata, callback: grpc.requestCallback<_csi_v1_ControllerUnpublishVolumeResponse>): grpc.ClientUnaryCall;
  controllerUnpublishVolume(argument: _csi_v1_ControllerUnpublishVolumeRequestInit, options: grpc.CallOptions, callback: grpc.requestCallback<_csi_v1_ControllerUnpublishVolumeResponse>): grpc.ClientUnaryCall;
  controllerUnpublishVolume(argument: _csi_v1_ControllerUnpublishVolumeRequestInit, callback: grpc.requestCallback<_csi_v1_ControllerUnpublishVolumeResponse>): grpc.ClientUnaryCall;
  
  /**
   * Cuts a snapshot of a volume, or finds the one that an earlier call with the same name cut.
   */
  CreateSnapshot(argument: _csi_v1_CreateSnapshotRequestInit, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_csi_v1_CreateSnapshotResponse>): grpc.ClientUnaryCall;
  CreateSnapshot(argument: _csi_v1_CreateSnapshotRequestInit, metadata: grpc.Metadata, callback: grpc.requestCallback<_csi_v1_CreateSnapshotResponse>): grpc.ClientUnaryCall;
  CreateSnapshot(argument: _csi_v1_CreateSnapshotRequestInit, options: grpc.CallOptions, callback: grpc.requestCallback<_csi_v1_CreateSnapshotResponse>): grpc.ClientUnaryCall;
  CreateSnapshot(argument: _csi_v1_CreateSnapshotRequestInit, callback: grpc.requestCallback<_csi_v1_CreateSnapshotResponse>): grpc.ClientUnaryCall;
  /**
   * Cuts a snapshot of a volume, or finds the one that an earlier call with the same name cut.
   */
  createSnapshot(argument: _csi_v1_CreateSnapshotRequestInit, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_csi_v1_CreateSnapshotResponse>): grpc.ClientUnaryCall;
  createSnapshot(argument: _csi_v1_CreateSnapshotRequestInit, metadata: grpc.Metadata, callback: grpc.requestCallback<_csi_v1_CreateSnapshotResponse>): grpc.ClientUnaryCall;
  createSnapshot(argument: _csi_v1_CreateSnapshotRequestInit, options: grpc.CallOptions, callback: grpc.requestCallback<_csi_v1_CreateSnapshotResponse>): grpc.ClientUnaryCall;
  createSnapshot(argument: _csi_v1_CreateSnapshotRequestInit, callback: grpc.requestCallback<_csi_v1_CreateSnapshotResponse>): grpc.ClientUnaryCall;
  
  /**
   * Makes a volume, or finds the one that an earlier call with the same name made.
   */
  CreateVolume(argument: _csi_v1_CreateVolumeRequestInit, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_csi_v1_CreateVolumeResponse>): grpc.ClientUnaryCall;
  CreateVolume(argument: _csi_v1_CreateVolumeRequestInit, metadata: grpc.Metadata, callback: grpc.requestCallback<_csi_v1_CreateVolumeResponse>): grpc.ClientUnaryCall;
  CreateVolume(argument: _csi_v1_CreateVolumeRequestInit, options: grpc.CallOptions, callback: grpc.requestCallback<_csi_v1_CreateVolumeResponse>): grpc.ClientUnaryCall;
  CreateVolume(argument: _csi_v1_CreateVolumeRequestInit, callback: grpc.requestCallback<_csi_v1_CreateVolumeResponse>): grpc.ClientUnaryCall;
  /**
   * Makes a volume, or finds the one that an earlier call with the same name made.
   */
  createVolume(argument: _csi_v1_CreateVolumeRequestInit, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_csi_v1_CreateVolumeResponse>): grpc.ClientUnaryCall;
  createVolume(argument: _csi_v1_CreateVolumeRequestInit, metadata: grpc.Metadata, callback: grpc.requestCallback<_csi_v1_CreateVolumeResponse>): grpc.ClientUnaryCall;
  createVolume(argument: _csi_v1_CreateVolumeRequestInit, options: grpc.CallOptions, callback: grpc.requestCallback<_csi_v1_CreateVolumeResponse>): grpc.ClientUnaryCall;
  createVolume(argument: _csi_v1_CreateVolumeRequestInit, callback: grpc.requestCallback<_csi_v1_CreateVolumeResponse>): grpc.ClientUnaryCall;
  
  /**
   * Removes a snapshot. A snapshot that does not exist is a success.
   */
  DeleteSnapshot(argument: _csi_v1_DeleteSnapshotRequestInit, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_csi_v1_DeleteSnapshotResponse>): grpc.ClientUnaryCall;
  DeleteSnapshot(argument: _csi_v1_DeleteSnapshotRequestInit, metadata: grpc.Metadata, callback: grpc.requestCallback<_csi_v1_DeleteSnapshotResponse>): grpc.ClientUnaryCall;
  DeleteSnapshot(argument: _csi_v1_DeleteSnapshotRequestInit, options: grpc.CallOptions, callback: grpc.requestCallback<_csi_v1_DeleteSnapshotResponse>): grpc.ClientUnaryCall;
  DeleteSnapshot(argument: _csi_v1_DeleteSnapshotRequestInit, callback: grpc.requestCallback<_csi_v1_DeleteSnapshotResponse>): grpc.ClientUnaryCall;
  /**
   * Removes a snapshot. A snapshot that does not exist is a success.
   */
  deleteSnapshot(argument: _csi_v1_DeleteSnapshotRequestInit, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_csi_v1_DeleteSnapshotResponse>): grpc.ClientUnaryCall;
  deleteSnapshot(argument: _csi_v1_DeleteSnapshotRequestInit, metadata: grpc.Metadata, callback: grpc.requestCallback<_csi_v1_DeleteSnapshotResponse>): grpc.ClientUnaryCall;
  deleteSnapshot(argument: _csi_v1_DeleteSnapshotRequestInit, options: grpc.CallOptions, callback: grpc.requestCallback<_csi_v1_DeleteSnapshotResponse>): grpc.ClientUnaryCall;
  deleteSnapshot(argument: _csi_v1_DeleteSnapshotRequestInit, callback: grpc.requestCallback<_csi_v1_DeleteSnapshotResponse>): grpc.ClientUnaryCall;
  
  /**
   * Removes a volume. A volume that does not exist is a success.
   */
  DeleteVolume(argument: _csi_v1_DeleteVolumeRequestInit, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_csi_v1_DeleteVolumeResponse>): grpc.ClientUnaryCall;
  DeleteVolume(argument: _csi_v1_DeleteVolumeRequestInit, metadata: grpc.Metadata, callback: grpc.requestCallback<_csi_v1_DeleteVolumeResponse>): grpc.ClientUnaryCall;
  DeleteVolume(argument: _csi_v1_DeleteVolumeRequestInit, options: grpc.CallOptions, callback: grpc.requestCallback<_csi_v1_DeleteVolumeResponse>): grpc.ClientUnaryCall;
  DeleteVolume(argument: _csi_v1_DeleteVolumeRequestInit, callback: grpc.requestCallback<_csi_v1_DeleteVolumeResponse>): grpc.ClientUnaryCall;
  /**
   * Removes a volume. A volume that does not exist is a success.
   */
  deleteVolume(argument: _csi_v1_DeleteVolumeRequestInit, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_csi_v1_DeleteVolumeResponse>): grpc.ClientUnaryCall;
  deleteVolume(argument: _csi_v1_DeleteVolumeRequestInit, metadata: grpc.Metadata, callback: grpc.requestCallback<_csi_v1_DeleteVolumeResponse>): grpc.ClientUnaryCall;
  deleteVolume(argument: _csi_v1_DeleteVolumeRequestInit, options: grpc.CallOptions, callback: grpc.requestCallback<_csi_v1_DeleteVolumeResponse>): grpc.ClientUnaryCall;
  deleteVolume(argument: _csi_v1_DeleteVolumeRequestInit, callback: grpc.requestCallback<_csi_v1_DeleteVolumeResponse>): grpc.ClientUnaryCall;
  
  /**
   * How much can still be provisioned, for given parameters in a given topology.
   */
  GetCapacity(argument: _csi_v1_GetCapacityRequestInit, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_csi_v1_GetCapacityResponse>): grpc.ClientUnaryCall;
  GetCapacity(argument: _csi_v1_GetCapacityRequestInit, metadata: grpc.Metadata, callback: grpc.requestCallback<_csi_v1_GetCapacityResponse>): grpc.ClientUnaryCall;
  GetCapacity(argument: _csi_v1_GetCapacityRequestInit, options: grpc.CallOptions, callback: grpc.requestCallback<_csi_v1_GetCapacityResponse>): grpc.ClientUnaryCall;
  GetCapacity(argument: _csi_v1_GetCapacityRequestInit, callback: grpc.requestCallback<_csi_v1_GetCapacityResponse>): grpc.ClientUnaryCall;
  /**
   * How much can still be provisioned, for given parameters in a given topology.
   */
  getCapacity(argument: _csi_v1_GetCapacityRequestInit, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_csi_v1_GetCapacityResponse>): grpc.ClientUnaryCall;
  getCapacity(argument: _csi_v1_GetCapacityRequestInit, metadata: grpc.Metadata, callback: grpc.requestCallback<_csi_v1_GetCapacityResponse>): grpc.ClientUnaryCall;
  getCapacity(argument: _csi_v1_GetCapacityRequestInit, options: grpc.CallOptions, callback: grpc.requestCallback<_csi_v1_GetCapacityResponse>): grpc.ClientUnaryCall;
  getCapacity(argument: _csi_v1_GetCapacityRequestInit, callback: grpc.requestCallback<_csi_v1_GetCapacityResponse>): grpc.ClientUnaryCall;
  
  /**
   * One snapshot by its id.
   */
  GetSnapshot(argument: _csi_v1_GetSnapshotRequestInit, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_csi_v1_GetSnapshotResponse>): grpc.ClientUnaryCall;
  GetSnapshot(argument: _csi_v1_GetSnapshotRequestInit, metadata: grpc.Metadata, callback: grpc.requestCallback<_csi_v1_GetSnapshotResponse>): grpc.ClientUnaryCall;
  GetSnapshot(argument: _csi_v1_GetSnapshotRequestInit, options: grpc.CallOptions, callback: grpc.requestCallback<_csi_v1_GetSnapshotResponse>): grpc.ClientUnaryCall;
  GetSnapshot(argument: _csi_v1_GetSnapshotRequestInit, callback: grpc.requestCallback<_csi_v1_GetSnapshotResponse>): grpc.ClientUnaryCall;
  /**
   * One snapshot by its id.
   */
  getSnapshot(argument: _csi_v1_GetSnapshotRequestInit, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_csi_v1_GetSnapshotResponse>): grpc.ClientUnaryCall;
  getSnapshot(argument: _csi_v1_GetSnapshotRequestInit, metadata: grpc.Metadata, callback: grpc.requestCallback<_csi_v1_GetSnapshotResponse>): grpc.ClientUnaryCall;
  getSnapshot(argument: _csi_v1_GetSnapshotRequestInit, options: grpc.CallOptions, callback: grpc.requestCallback<_csi_v1_GetSnapshotResponse>): grpc.ClientUnaryCall;
  getSnapshot(argument: _csi_v1_GetSnapshotRequestInit, callback: grpc.requestCallback<_csi_v1_GetSnapshotResponse>): grpc.ClientUnaryCall;
  
  /**
   * All snapshots, in pages, or those of one volume, or one by its id.
   */
  ListSnapshots(argument: _csi_v1_ListSnapshotsRequestInit, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_csi_v1_ListSnapshotsResponse>): grpc.ClientUnaryCall;
  ListSnapshots(argument: _csi_v1_ListSnapshotsRequestInit, metadata: grpc.Metadata, callback: grpc.requestCallback<_csi_v1_ListSnapshotsResponse>): grpc.ClientUnaryCall;
  ListSnapshots(argument: _csi_v1_ListSnapshotsRequestInit, options: grpc.CallOptions, callback: grpc.requestCallback<_csi_v1_ListSnapshotsResponse>): grpc.ClientUnaryCall;
  ListSnapshots(argument: _csi_v1_ListSnapshotsRequestInit, callback: grpc.requestCallback<_csi_v1_ListSnapshotsResponse>): grpc.ClientUnaryCall;
  /**
   * All snapshots, in pages, or those of one volume, or one by its id.
   */
  listSnapshots(argument: _csi_v1_ListSnapshotsRequestInit, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_csi_v1_ListSnapshotsResponse>): grpc.ClientUnaryCall;
  listSnapshots(argument: _csi_v1_ListSnapshotsRequestInit, metadata: grpc.Metadata, callback: grpc.requestCallback<_csi_v1_ListSnapshotsResponse>): grpc.ClientUnaryCall;
  listSnapshots(argument: _csi_v1_ListSnapshotsRequestInit, options: grpc.CallOptions, callback: grpc.requestCallback<_csi_v1_ListSnapshotsResponse>): grpc.ClientUnaryCall;
  listSnapshots(argument: _csi_v1_ListSnapshotsRequestInit, callback: grpc.requestCallback<_csi_v1_ListSnapshotsResponse>): grpc.ClientUnaryCall;
  
  /**
   * All volumes, in pages.
   */
  ListVolumes(argument: _csi_v1_ListVolumesRequestInit, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_csi_v1_ListVolumesResponse>): grpc.ClientUnaryCall;
  ListVolumes(argument: _csi_v1_ListVolumesRequestInit, metadata: grpc.Metadata, callback: grpc.requestCallback<_csi_v1_ListVolumesResponse>): grpc.ClientUnaryCall;
  ListVolumes(argument: _csi_v1_ListVolumesRequestInit, options: grpc.CallOptions, callback: grpc.requestCallback<_csi_v1_ListVolumesResponse>): grpc.ClientUnaryCall;
  ListVolumes(argument: _csi_v1_ListVolumesRequestInit, callback: grpc.requestCallback<_csi_v1_ListVolumesResponse>): grpc.ClientUnaryCall;
  /**
   * All volumes, in pages.
   */
  listVolumes(argument: _csi_v1_ListVolumesRequestInit, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_csi_v1_ListVolumesResponse>): grpc.ClientUnaryCall;
  listVolumes(argument: _csi_v1_ListVolumesRequestInit, metadata: grpc.Metadata, callback: grpc.requestCallback<_csi_v1_ListVolumesResponse>): grpc.ClientUnaryCall;
  listVolumes(argument: _csi_v1_ListVolumesRequestInit, options: grpc.CallOptions, callback: grpc.requestCallback<_csi_v1_ListVolumesResponse>): grpc.ClientUnaryCall;
  listVolumes(argument: _csi_v1_ListVolumesRequestInit, callback: grpc.requestCallback<_csi_v1_ListVolumesResponse>): grpc.ClientUnaryCall;
  
  /**
   * Whether an existing volume could be used in the given ways. "No" is an OK answer without `confirmed`.
   */
  ValidateVolumeCapabilities(argument: _csi_v1_ValidateVolumeCapabilitiesRequestInit, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_csi_v1_ValidateVolumeCapabilitiesResponse>): grpc.ClientUnaryCall;
  ValidateVolumeCapabilities(argument: _csi_v1_ValidateVolumeCapabilitiesRequestInit, metadata: grpc.Metadata, callback: grpc.requestCallback<_csi_v1_ValidateVolumeCapabilitiesResponse>): grpc.ClientUnaryCall;
  ValidateVolumeCapabilities(argument: _csi_v1_ValidateVolumeCapabilitiesRequestInit, options: grpc.CallOptions, callback: grpc.requestCallback<_csi_v1_ValidateVolumeCapabilitiesResponse>): grpc.ClientUnaryCall;
  ValidateVolumeCapabilities(argument: _csi_v1_ValidateVolumeCapabilitiesRequestInit, callback: grpc.requestCallback<_csi_v1_ValidateVolumeCapabilitiesResponse>): grpc.ClientUnaryCall;
  /**
   * Whether an existing volume could be used in the given ways. "No" is an OK answer without `confirmed`.
   */
  validateVolumeCapabilities(argument: _csi_v1_ValidateVolumeCapabilitiesRequestInit, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_csi_v1_ValidateVolumeCapabilitiesResponse>): grpc.ClientUnaryCall;
  validateVolumeCapabilities(argument: _csi_v1_ValidateVolumeCapabilitiesRequestInit, metadata: grpc.Metadata, callback: grpc.requestCallback<_csi_v1_ValidateVolumeCapabilitiesResponse>): grpc.ClientUnaryCall;
  validateVolumeCapabilities(argument: _csi_v1_ValidateVolumeCapabilitiesRequestInit, options: grpc.CallOptions, callback: grpc.requestCallback<_csi_v1_ValidateVolumeCapabilitiesResponse>): grpc.ClientUnaryCall;
  validateVolumeCapabilities(argument: _csi_v1_ValidateVolumeCapabilitiesRequestInit, callback: grpc.requestCallback<_csi_v1_ValidateVolumeCapabilitiesResponse>): grpc.ClientUnaryCall;
  
}

/**
 * Volumes and snapshots as things that exist, whether or not a node uses them.
 */
export interface ControllerHandlers extends grpc.UntypedServiceImplementation {
  /**
   * Enlarges a volume, up to what needs the node (for example its file system).
   */
  ControllerExpandVolume: grpc.handleUnaryCall<_csi_v1_ControllerExpandVolumeRequest, _csi_v1_ControllerExpandVolumeResponseInit>;
  
  /**
   * Which calls of this service the driver has.
   */
  ControllerGetCapabilities: grpc.handleUnaryCall<_csi_v1_ControllerGetCapabilitiesRequest, _csi_v1_ControllerGetCapabilitiesResponseInit>;
  
  /**
   * One volume by its id.
   */
  ControllerGetVolume: grpc.handleUnaryCall<_csi_v1_ControllerGetVolumeRequest, _csi_v1_ControllerGetVolumeResponseInit>;
  
  /**
   * Health of one volume.
   */
  ControllerGetVolumeHealth: grpc.handleUnaryCall<_csi_v1_ControllerGetVolumeHealthRequest, _csi_v1_ControllerGetVolumeHealthResponseInit>;
  
  /**
   * Health of all volumes, in pages.
   */
  ControllerListVolumeHealth: grpc.handleUnaryCall<_csi_v1_ControllerListVolumeHealthRequest, _csi_v1_ControllerListVolumeHealthResponseInit>;
  
  /**
   * Changes mutable parameters of a volume: all of the given ones, or none.
   */
  ControllerModifyVolume: grpc.handleUnaryCall<_csi_v1_ControllerModifyVolumeRequest, _csi_v1_ControllerModifyVolumeResponseInit>;
  
  /**
   * Attaches a volume to a node from outside of that node.
   */
  ControllerPublishVolume: grpc.handleUnaryCall<_csi_v1_ControllerPublishVolumeRequest, _csi_v1_ControllerPublishVolumeResponseInit>;
  
  /**
   * The reverse of ControllerPublishVolume.
   */
  ControllerUnpublishVolume: grpc.handleUnaryCall<_csi_v1_ControllerUnpublishVolumeRequest, _csi_v1_ControllerUnpublishVolumeResponseInit>;
  
  /**
   * Cuts a snapshot of a volume, or finds the one that an earlier call with the same name cut.
   */
  CreateSnapshot: grpc.handleUnaryCall<_csi_v1_CreateSnapshotRequest, _csi_v1_CreateSnapshotResponseInit>;
  
  /**
   * Makes a volume, or finds the one that an earlier call with the same name made.
   */
  CreateVolume: grpc.handleUnaryCall<_csi_v1_CreateVolumeRequest, _csi_v1_CreateVolumeResponseInit>;
  
  /**
   * Removes a snapshot. A snapshot that does not exist is a success.
   */
  DeleteSnapshot: grpc.handleUnaryCall<_csi_v1_DeleteSnapshotRequest, _csi_v1_DeleteSnapshotResponseInit>;
  
  /**
   * Removes a volume. A volume that does not exist is a success.
   */
  DeleteVolume: grpc.handleUnaryCall<_csi_v1_DeleteVolumeRequest, _csi_v1_DeleteVolumeResponseInit>;
  
  /**
   * How much can still be provisioned, for given parameters in a given topology.
   */
  GetCapacity: grpc.handleUnaryCall<_csi_v1_GetCapacityRequest, _csi_v1_GetCapacityResponseInit>;
  
  /**
   * One snapshot by its id.
   */
  GetSnapshot: grpc.handleUnaryCall<_csi_v1_GetSnapshotRequest, _csi_v1_GetSnapshotResponseInit>;
  
  /**
   * All snapshots, in pages, or those of one volume, or one by its id.
   */
  ListSnapshots: grpc.handleUnaryCall<_csi_v1_ListSnapshotsRequest, _csi_v1_ListSnapshotsResponseInit>;
  
  /**
   * All volumes, in pages.
   */
  ListVolumes: grpc.handleUnaryCall<_csi_v1_ListVolumesRequest, _csi_v1_ListVolumesResponseInit>;
  
  /**
   * Whether an existing volume could be used in the given ways. "No" is an OK answer without `confirmed`.
   */
  ValidateVolumeCapabilities: grpc.handleUnaryCall<_csi_v1_ValidateVolumeCapabilitiesRequest, _csi_v1_ValidateVolumeCapabilitiesResponseInit>;
  
}

export interface ControllerDefinition extends grpc.ServiceDefinition {
  ControllerExpandVolume: MethodDefinition<_csi_v1_ControllerExpandVolumeRequestInit, _csi_v1_ControllerExpandVolumeResponseInit, _csi_v1_ControllerExpandVolumeRequest, _csi_v1_ControllerExpandVolumeResponse>
  ControllerGetCapabilities: MethodDefinition<_csi_v1_ControllerGetCapabilitiesRequestInit, _csi_v1_ControllerGetCapabilitiesResponseInit, _csi_v1_ControllerGetCapabilitiesRequest, _csi_v1_ControllerGetCapabilitiesResponse>
  ControllerGetVolume: MethodDefinition<_csi_v1_ControllerGetVolumeRequestInit, _csi_v1_ControllerGetVolumeResponseInit, _csi_v1_ControllerGetVolumeRequest, _csi_v1_ControllerGetVolumeResponse>
  ControllerGetVolumeHealth: MethodDefinition<_csi_v1_ControllerGetVolumeHealthRequestInit, _csi_v1_ControllerGetVolumeHealthResponseInit, _csi_v1_ControllerGetVolumeHealthRequest, _csi_v1_ControllerGetVolumeHealthResponse>
  ControllerListVolumeHealth: MethodDefinition<_csi_v1_ControllerListVolumeHealthRequestInit, _csi_v1_ControllerListVolumeHealthResponseInit, _csi_v1_ControllerListVolumeHealthRequest, _csi_v1_ControllerListVolumeHealthResponse>
  ControllerModifyVolume: MethodDefinition<_csi_v1_ControllerModifyVolumeRequestInit, _csi_v1_ControllerModifyVolumeResponseInit, _csi_v1_ControllerModifyVolumeRequest, _csi_v1_ControllerModifyVolumeResponse>
  ControllerPublishVolume: MethodDefinition<_csi_v1_ControllerPublishVolumeRequestInit, _csi_v1_ControllerPublishVolumeResponseInit, _csi_v1_ControllerPublishVolumeRequest, _csi_v1_ControllerPublishVolumeResponse>
  ControllerUnpublishVolume: MethodDefinition<_csi_v1_ControllerUnpublishVolumeRequestInit, _csi_v1_ControllerUnpublishVolumeResponseInit, _csi_v1_ControllerUnpublishVolumeRequest, _csi_v1_ControllerUnpublishVolumeResponse>
  CreateSnapshot: MethodDefinition<_csi_v1_CreateSnapshotRequestInit, _csi_v1_CreateSnapshotResponseInit, _csi_v1_CreateSnapshotRequest, _csi_v1_CreateSnapshotResponse>
  CreateVolume: MethodDefinition<_csi_v1_CreateVolumeRequestInit, _csi_v1_CreateVolumeResponseInit, _csi_v1_CreateVolumeRequest, _csi_v1_CreateVolumeResponse>
  DeleteSnapshot: MethodDefinition<_csi_v1_DeleteSnapshotRequestInit, _csi_v1_DeleteSnapshotResponseInit, _csi_v1_DeleteSnapshotRequest, _csi_v1_DeleteSnapshotResponse>
  DeleteVolume: MethodDefinition<_csi_v1_DeleteVolumeRequestInit, _csi_v1_DeleteVolumeResponseInit, _csi_v1_DeleteVolumeRequest, _csi_v1_DeleteVolumeResponse>
  GetCapacity: MethodDefinition<_csi_v1_GetCapacityRequestInit, _csi_v1_GetCapacityResponseInit, _csi_v1_GetCapacityRequest, _csi_v1_GetCapacityResponse>
  GetSnapshot: MethodDefinition<_csi_v1_GetSnapshotRequestInit, _csi_v1_GetSnapshotResponseInit, _csi_v1_GetSnapshotRequest, _csi_v1_GetSnapshotResponse>
  ListSnapshots: MethodDefinition<_csi_v1_ListSnapshotsRequestInit, _csi_v1_ListSnapshotsResponseInit, _csi_v1_ListSnapshotsRequest, _csi_v1_ListSnapshotsResponse>
  ListVolumes: MethodDefinition<_csi_v1_ListVolumesRequestInit, _csi_v1_ListVolumesResponseInit, _csi_v1_ListVolumesRequest, _csi_v1_ListVolumesResponse>
  ValidateVolumeCapabilities: MethodDefinition<_csi_v1_ValidateVolumeCapabilitiesRequestInit, _csi_v1_ValidateVolumeCapabilitiesResponseInit, _csi_v1_ValidateVolumeCapabilitiesRequest, _csi_v1_ValidateVolumeCapabilitiesResponse>
}
