// Original file: proto/csi.proto

import type * as grpc from '@grpc/grpc-js'
import type { MethodDefinition } from '@grpc/proto-loader'
import type { GetMetadataAllocatedRequestInit as _csi_v1_GetMetadataAllocatedRequestInit, GetMetadataAllocatedRequest as _csi_v1_GetMetadataAllocatedRequest } from '../../csi/v1/GetMetadataAllocatedRequest.ts';
import type { GetMetadataAllocatedResponseInit as _csi_v1_GetMetadataAllocatedResponseInit, GetMetadataAllocatedResponse as _csi_v1_GetMetadataAllocatedResponse } from '../../csi/v1/GetMetadataAllocatedResponse.ts';
import type { GetMetadataDeltaRequestInit as _csi_v1_GetMetadataDeltaRequestInit, GetMetadataDeltaRequest as _csi_v1_GetMetadataDeltaRequest } from '../../csi/v1/GetMetadataDeltaRequest.ts';
import type { GetMetadataDeltaResponseInit as _csi_v1_GetMetadataDeltaResponseInit, GetMetadataDeltaResponse as _csi_v1_GetMetadataDeltaResponse } from '../../csi/v1/GetMetadataDeltaResponse.ts';

/**
 * Which blocks of a snapshot hold data, for backup programs.
 */
export interface SnapshotMetadataClient extends grpc.Client {
  /**
   * The allocated blocks of a snapshot, in ascending order.
   */
  GetMetadataAllocated(argument: _csi_v1_GetMetadataAllocatedRequestInit, metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientReadableStream<_csi_v1_GetMetadataAllocatedResponse>;
  GetMetadataAllocated(argument: _csi_v1_GetMetadataAllocatedRequestInit, options?: grpc.CallOptions): grpc.ClientReadableStream<_csi_v1_GetMetadataAllocatedResponse>;
  /**
   * The allocated blocks of a snapshot, in ascending order.
   */
  getMetadataAllocated(argument: _csi_v1_GetMetadataAllocatedRequestInit, metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientReadableStream<_csi_v1_GetMetadataAllocatedResponse>;
  getMetadataAllocated(argument: _csi_v1_GetMetadataAllocatedRequestInit, options?: grpc.CallOptions): grpc.ClientReadableStream<_csi_v1_GetMetadataAllocatedResponse>;
  
  /**
   * The blocks that differ between two snapshots of one volume, in ascending order.
   */
  GetMetadataDelta(argument: _csi_v1_GetMetadataDeltaRequestInit, metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientReadableStream<_csi_v1_GetMetadataDeltaResponse>;
  GetMetadataDelta(argument: _csi_v1_GetMetadataDeltaRequestInit, options?: grpc.CallOptions): grpc.ClientReadableStream<_csi_v1_GetMetadataDeltaResponse>;
  /**
   * The blocks that differ between two snapshots of one volume, in ascending order.
   */
  getMetadataDelta(argument: _csi_v1_GetMetadataDeltaRequestInit, metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientReadableStream<_csi_v1_GetMetadataDeltaResponse>;
  getMetadataDelta(argument: _csi_v1_GetMetadataDeltaRequestInit, options?: grpc.CallOptions): grpc.ClientReadableStream<_csi_v1_GetMetadataDeltaResponse>;
  
}

/**
 * Which blocks of a snapshot hold data, for backup programs.
 */
export interface SnapshotMetadataHandlers extends grpc.UntypedServiceImplementation {
  /**
   * The allocated blocks of a snapshot, in ascending order.
   */
  GetMetadataAllocated: grpc.handleServerStreamingCall<_csi_v1_GetMetadataAllocatedRequest, _csi_v1_GetMetadataAllocatedResponseInit>;
  
  /**
   * The blocks that differ between two snapshots of one volume, in ascending order.
   */
  GetMetadataDelta: grpc.handleServerStreamingCall<_csi_v1_GetMetadataDeltaRequest, _csi_v1_GetMetadataDeltaResponseInit>;
  
}

export interface SnapshotMetadataDefinition extends grpc.ServiceDefinition {
  GetMetadataAllocated: MethodDefinition<_csi_v1_GetMetadataAllocatedRequestInit, _csi_v1_GetMetadataAllocatedResponseInit, _csi_v1_GetMetadataAllocatedRequest, _csi_v1_GetMetadataAllocatedResponse>
  GetMetadataDelta: MethodDefinition<_csi_v1_GetMetadataDeltaRequestInit, _csi_v1_GetMetadataDeltaResponseInit, _csi_v1_GetMetadataDeltaRequest, _csi_v1_GetMetadataDeltaResponse>
}
