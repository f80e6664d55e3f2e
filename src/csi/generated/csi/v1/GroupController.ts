// Original file: proto/csi.proto

import type * as grpc from '@grpc/grpc-js'
import type { MethodDefinition } from '@grpc/proto-loader'
import type { CreateVolumeGroupSnapshotRequestInit as _csi_v1_CreateVolumeGroupSnapshotRequestInit, CreateVolumeGroupSnapshotRequest as _csi_v1_CreateVolumeGroupSnapshotRequest } from '../../csi/v1/CreateVolumeGroupSnapshotRequest.ts';
import type { CreateVolumeGroupSnapshotResponseInit as _csi_v1_CreateVolumeGroupSnapshotResponseInit, CreateVolumeGroupSnapshotResponse as _csi_v1_CreateVolumeGroupSnapshotResponse } from '../../csi/v1/CreateVolumeGroupSnapshotResponse.ts';
import type { DeleteVolumeGroupSnapshotRequestInit as _csi_v1_DeleteVolumeGroupSnapshotRequestInit, DeleteVolumeGroupSnapshotRequest as _csi_v1_DeleteVolumeGroupSnapshotRequest } from '../../csi/v1/DeleteVolumeGroupSnapshotRequest.ts';
import type { DeleteVolumeGroupSnapshotResponseInit as _csi_v1_DeleteVolumeGroupSnapshotResponseInit, DeleteVolumeGroupSnapshotResponse as _csi_v1_DeleteVolumeGroupSnapshotResponse } from '../../csi/v1/DeleteVolumeGroupSnapshotResponse.ts';
import type { GetVolumeGroupSnapshotRequestInit as _csi_v1_GetVolumeGroupSnapshotRequestInit, GetVolumeGroupSnapshotRequest as _csi_v1_GetVolumeGroupSnapshotRequest } from '../../csi/v1/GetVolumeGroupSnapshotRequest.ts';
import type { GetVolumeGroupSnapshotResponseInit as _csi_v1_GetVolumeGroupSnapshotResponseInit, GetVolumeGroupSnapshotResponse as _csi_v1_GetVolumeGroupSnapshotResponse } from '../../csi/v1/GetVolumeGroupSnapshotResponse.ts';
import type { GroupControllerGetCapabilitiesRequestInit as _csi_v1_GroupControllerGetCapabilitiesRequestInit, GroupControllerGetCapabilitiesRequest as _csi_v1_GroupControllerGetCapabilitiesRequest } from '../../csi/v1/GroupControllerGetCapabilitiesRequest.ts';
import type { GroupControllerGetCapabilitiesResponseInit as _csi_v1_GroupControllerGetCapabilitiesResponseInit, GroupControllerGetCapabilitiesResponse as _csi_v1_GroupControllerGetCapabilitiesResponse } from '../../csi/v1/GroupControllerGetCapabilitiesResponse.ts';

/**
 * Snapshots of several volumes, all of the same moment.
 */
export interface GroupControllerClient extends grpc.Client {
  /**
   * Cuts a snapshot of each of the volumes, at one moment.
   */
  CreateVolumeGroupSnapshot(argument: _csi_v1_CreateVolumeGroupSnapshotRequestInit, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_csi_v1_CreateVolumeGroupSnapshotResponse>): grpc.ClientUnaryCall;
  CreateVolumeGroupSnapshot(argument: _csi_v1_CreateVolumeGroupSnapshotRequestInit, metadata: grpc.Metadata, callback: grpc.requestCallback<_csi_v1_CreateVolumeGroupSnapshotResponse>): grpc.ClientUnaryCall;
  CreateVolumeGroupSnapshot(argument: _csi_v1_CreateVolumeGroupSnapshotRequestInit, options: grpc.CallOptions, callback: grpc.requestCallback<_csi_v1_CreateVolumeGroupSnapshotResponse>): grpc.ClientUnaryCall;
  CreateVolumeGroupSnapshot(argument: _csi_v1_CreateVolumeGroupSnapshotRequestInit, callback: grpc.requestCallback<_csi_v1_CreateVolumeGroupSnapshotResponse>): grpc.ClientUnaryCall;
  /**
   * Cuts a snapshot of each of the volumes, at one moment.
   */
  createVolumeGroupSnapshot(argument: _csi_v1_CreateVolumeGroupSnapshotRequestInit, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_csi_v1_CreateVolumeGroupSnapshotResponse>): grpc.ClientUnaryCall;
  createVolumeGroupSnapshot(argument: _csi_v1_CreateVolumeGroupSnapshotRequestInit, metadata: grpc.Metadata, callback: grpc.requestCallback<_csi_v1_CreateVolumeGroupSnapshotResponse>): grpc.ClientUnaryCall;
  createVolumeGroupSnapshot(argument: _csi_v1_CreateVolumeGroupSnapshotRequestInit, options: grpc.CallOptions, callback: grpc.requestCallback<_csi_v1_CreateVolumeGroupSnapshotResponse>): grpc.ClientUnaryCall;
  createVolumeGroupSnapshot(argument: _csi_v1_CreateVolumeGroupSnapshotRequestInit, callback: grpc.requestCallback<_csi_v1_CreateVolumeGroupSnapshotResponse>): grpc.ClientUnaryCall;
  
  /**
   * Removes a group with all of its snapshots. A group that does not exist is a success.
   */
  DeleteVolumeGroupSnapshot(argument: _csi_v1_DeleteVolumeGroupSnapshotRequestInit, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_csi_v1_DeleteVolumeGroupSnapshotResponse>): grpc.ClientUnaryCall;
  DeleteVolumeGroupSnapshot(argument: _csi_v1_DeleteVolumeGroupSnapshotRequestInit, metadata: grpc.Metadata, callback: grpc.requestCallback<_csi_v1_DeleteVolumeGroupSnapshotResponse>): grpc.ClientUnaryCall;
  DeleteVolumeGroupSnapshot(argument: _csi_v1_DeleteVolumeGroupSnapshotRequestInit, options: grpc.CallOptions, callback: grpc.requestCallback<_csi_v1_DeleteVolumeGroupSnapshotResponse>): grpc.ClientUnaryCall;
  DeleteVolumeGroupSnapshot(argument: _csi_v1_DeleteVolumeGroupSnapshotRequestInit, callback: grpc.requestCallback<_csi_v1_DeleteVolumeGroupSnapshotResponse>): grpc.ClientUnaryCall;
  /**
   * Removes a group with all of its snapshots. A group that does not exist is a success.
   */
  deleteVolumeGroupSnapshot(argument: _csi_v1_DeleteVolumeGroupSnapshotRequestInit, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_csi_v1_DeleteVolumeGroupSnapshotResponse>): grpc.ClientUnaryCall;
  deleteVolumeGroupSnapshot(argument: _csi_v1_DeleteVolumeGroupSnapshotRequestInit, metadata: grpc.Metadata, callback: grpc.requestCallback<_csi_v1_DeleteVolumeGroupSnapshotResponse>): grpc.ClientUnaryCall;
  deleteVolumeGroupSnapshot(argument: _csi_v1_DeleteVolumeGroupSnapshotRequestInit, options: grpc.CallOptions, callback: grpc.requestCallback<_csi_v1_DeleteVolumeGroupSnapshotResponse>): grpc.ClientUnaryCall;
  deleteVolumeGroupSnapshot(argument: _csi_v1_DeleteVolumeGroupSnapshotRequestInit, callback: grpc.requestCallback<_csi_v1_DeleteVolumeGroupSnapshotResponse>): grpc.ClientUnaryCall;
  
  /**
   * One group with its snapshots.
   */
  GetVolumeGroupSnapshot(argument: _csi_v1_GetVolumeGroupSnapshotRequestInit, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_csi_v1_GetVolumeGroupSnapshotResponse>): grpc.ClientUnaryCall;
  GetVolumeGroupSnapshot(argument: _csi_v1_GetVolumeGroupSnapshotRequestInit, metadata: grpc.Metadata, callback: grpc.requestCallback<_csi_v1_GetVolumeGroupSnapshotResponse>): grpc.ClientUnaryCall;
  GetVolumeGroupSnapshot(argument: _csi_v1_GetVolumeGroupSnapshotRequestInit, options: grpc.CallOptions, callback: grpc.requestCallback<_csi_v1_GetVolumeGroupSnapshotResponse>): grpc.ClientUnaryCall;
  GetVolumeGroupSnapshot(argument: _csi_v1_GetVolumeGroupSnapshotRequestInit, callback: grpc.requestCallback<_csi_v1_GetVolumeGroupSnapshotResponse>): grpc.ClientUnaryCall;
  /**
   * One group with its snapshots.
   */
  getVolumeGroupSnapshot(argument: _csi_v1_GetVolumeGroupSnapshotRequestInit, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_csi_v1_GetVolumeGroupSnapshotResponse>): grpc.ClientUnaryCall;
  getVolumeGroupSnapshot(argument: _csi_v1_GetVolumeGroupSnapshotRequestInit, metadata: grpc.Metadata, callback: grpc.requestCallback<_csi_v1_GetVolumeGroupSnapshotResponse>): grpc.ClientUnaryCall;
  getVolumeGroupSnapshot(argument: _csi_v1_GetVolumeGroupSnapshotRequestInit, options: grpc.CallOptions, callback: grpc.requestCallback<_csi_v1_GetVolumeGroupSnapshotResponse>): grpc.ClientUnaryCall;
  getVolumeGroupSnapshot(argument: _csi_v1_GetVolumeGroupSnapshotRequestInit, callback: grpc.requestCallback<_csi_v1_GetVolumeGroupSnapshotResponse>): grpc.ClientUnaryCall;
  
  /**
   * Which calls of this service the driver has.
   */
  GroupControllerGetCapabilities(argument: _csi_v1_GroupControllerGetCapabilitiesRequestInit, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_csi_v1_GroupControllerGetCapabilitiesResponse>): grpc.ClientUnaryCall;
  GroupControllerGetCapabilities(argument: _csi_v1_GroupControllerGetCapabilitiesRequestInit, metadata: grpc.Metadata, callback: grpc.requestCallback<_csi_v1_GroupControllerGetCapabilitiesResponse>): grpc.ClientUnaryCall;
  GroupControllerGetCapabilities(argument: _csi_v1_GroupControllerGetCapabilitiesRequestInit, options: grpc.CallOptions, callback: grpc.requestCallback<_csi_v1_GroupControllerGetCapabilitiesResponse>): grpc.ClientUnaryCall;
  GroupControllerGetCapabilities(argument: _csi_v1_GroupControllerGetCapabilitiesRequestInit, callback: grpc.requestCallback<_csi_v1_GroupControllerGetCapabilitiesResponse>): grpc.ClientUnaryCall;
  /**
   * Which calls of this service the driver has.
   */
  groupControllerGetCapabilities(argument: _csi_v1_GroupControllerGetCapabilitiesRequestInit, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_csi_v1_GroupControllerGetCapabilitiesResponse>): grpc.ClientUnaryCall;
  groupControllerGetCapabilities(argument: _csi_v1_GroupControllerGetCapabilitiesRequestInit, metadata: grpc.Metadata, callback: grpc.requestCallback<_csi_v1_GroupControllerGetCapabilitiesResponse>): grpc.ClientUnaryCall;
  groupControllerGetCapabilities(argument: _csi_v1_GroupControllerGetCapabilitiesRequestInit, options: grpc.CallOptions, callback: grpc.requestCallback<_csi_v1_GroupControllerGetCapabilitiesResponse>): grpc.ClientUnaryCall;
  groupControllerGetCapabilities(argument: _csi_v1_GroupControllerGetCapabilitiesRequestInit, callback: grpc.requestCallback<_csi_v1_GroupControllerGetCapabilitiesResponse>): grpc.ClientUnaryCall;
  
}

/**
 * Snapshots of several volumes, all of the same moment.
 */
export interface GroupControllerHandlers extends grpc.UntypedServiceImplementation {
  /**
   * Cuts a snapshot of each of the volumes, at one moment.
   */
  CreateVolumeGroupSnapshot: grpc.handleUnaryCall<_csi_v1_CreateVolumeGroupSnapshotRequest, _csi_v1_CreateVolumeGroupSnapshotResponseInit>;
  
  /**
   * Removes a group with all of its snapshots. A group that does not exist is a success.
   */
  DeleteVolumeGroupSnapshot: grpc.handleUnaryCall<_csi_v1_DeleteVolumeGroupSnapshotRequest, _csi_v1_DeleteVolumeGroupSnapshotResponseInit>;
  
  /**
   * One group with its snapshots.
   */
  GetVolumeGroupSnapshot: grpc.handleUnaryCall<_csi_v1_GetVolumeGroupSnapshotRequest, _csi_v1_GetVolumeGroupSnapshotResponseInit>;
  
  /**
   * Which calls of this service the driver has.
   */
  GroupControllerGetCapabilities: grpc.handleUnaryCall<_csi_v1_GroupControllerGetCapabilitiesRequest, _csi_v1_GroupControllerGetCapabilitiesResponseInit>;
  
}

export interface GroupControllerDefinition extends grpc.ServiceDefinition {
  CreateVolumeGroupSnapshot: MethodDefinition<_csi_v1_CreateVolumeGroupSnapshotRequestInit, _csi_v1_CreateVolumeGroupSnapshotResponseInit, _csi_v1_CreateVolumeGroupSnapshotRequest, _csi_v1_CreateVolumeGroupSnapshotResponse>
  DeleteVolumeGroupSnapshot: MethodDefinition<_csi_v1_DeleteVolumeGroupSnapshotRequestInit, _csi_v1_DeleteVolumeGroupSnapshotResponseInit, _csi_v1_DeleteVolumeGroupSnapshotRequest, _csi_v1_DeleteVolumeGroupSnapshotResponse>
  GetVolumeGroupSnapshot: MethodDefinition<_csi_v1_GetVolumeGroupSnapshotRequestInit, _csi_v1_GetVolumeGroupSnapshotResponseInit, _csi_v1_GetVolumeGroupSnapshotRequest, _csi_v1_GetVolumeGroupSnapshotResponse>
  GroupControllerGetCapabilities: MethodDefinition<_csi_v1_GroupControllerGetCapabilitiesRequestInit, _csi_v1_GroupControllerGetCapabilitiesResponseInit, _csi_v1_GroupControllerGetCapabilitiesRequest, _csi_v1_GroupControllerGetCapabilitiesResponse>
}
