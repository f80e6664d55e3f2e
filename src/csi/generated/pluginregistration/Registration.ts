// Original file: proto/pluginregistration.proto

import type * as grpc from '@grpc/grpc-js'
import type { MethodDefinition } from '@grpc/proto-loader'
import type { InfoRequestInit as _pluginregistration_InfoRequestInit, InfoRequest as _pluginregistration_InfoRequest } from '../pluginregistration/InfoRequest.ts';
import type { PluginInfoInit as _pluginregistration_PluginInfoInit, PluginInfo as _pluginregistration_PluginInfo } from '../pluginregistration/PluginInfo.ts';
import type { RegistrationStatusInit as _pluginregistration_RegistrationStatusInit, RegistrationStatus as _pluginregistration_RegistrationStatus } from '../pluginregistration/RegistrationStatus.ts';
import type { RegistrationStatusResponseInit as _pluginregistration_RegistrationStatusResponseInit, RegistrationStatusResponse as _pluginregistration_RegistrationStatusResponse } from '../pluginregistration/RegistrationStatusResponse.ts';

export interface RegistrationClient extends grpc.Client {
  /**
   * Asked when the kubelet has found the socket, and again after it has restarted.
   */
  GetInfo(argument: _pluginregistration_InfoRequestInit, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_pluginregistration_PluginInfo>): grpc.ClientUnaryCall;
  GetInfo(argument: _pluginregistration_InfoRequestInit, metadata: grpc.Metadata, callback: grpc.requestCallback<_pluginregistration_PluginInfo>): grpc.ClientUnaryCall;
  GetInfo(argument: _pluginregistration_InfoRequestInit, options: grpc.CallOptions, callback: grpc.requestCallback<_pluginregistration_PluginInfo>): grpc.ClientUnaryCall;
  GetInfo(argument: _pluginregistration_InfoRequestInit, callback: grpc.requestCallback<_pluginregistration_PluginInfo>): grpc.ClientUnaryCall;
  /**
   * Asked when the kubelet has found the socket, and again after it has restarted.
   */
  getInfo(argument: _pluginregistration_InfoRequestInit, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_pluginregistration_PluginInfo>): grpc.ClientUnaryCall;
  getInfo(argument: _pluginregistration_InfoRequestInit, metadata: grpc.Metadata, callback: grpc.requestCallback<_pluginregistration_PluginInfo>): grpc.ClientUnaryCall;
  getInfo(argument: _pluginregistration_InfoRequestInit, options: grpc.CallOptions, callback: grpc.requestCallback<_pluginregistration_PluginInfo>): grpc.ClientUnaryCall;
  getInfo(argument: _pluginregistration_InfoRequestInit, callback: grpc.requestCallback<_pluginregistration_PluginInfo>): grpc.ClientUnaryCall;
  
  /**
   * Tells how the registration came out.
   */
  NotifyRegistrationStatus(argument: _pluginregistration_RegistrationStatusInit, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_pluginregistration_RegistrationStatusResponse>): grpc.ClientUnaryCall;
  NotifyRegistrationStatus(argument: _pluginregistration_RegistrationStatusInit, metadata: grpc.Metadata, callback: grpc.requestCallback<_pluginregistration_RegistrationStatusResponse>): grpc.ClientUnaryCall;
  NotifyRegistrationStatus(argument: _pluginregistration_RegistrationStatusInit, options: grpc.CallOptions, callback: grpc.requestCallback<_pluginregistration_RegistrationStatusResponse>): grpc.ClientUnaryCall;
  NotifyRegistrationStatus(argument: _pluginregistration_RegistrationStatusInit, callback: grpc.requestCallback<_pluginregistration_RegistrationStatusResponse>): grpc.ClientUnaryCall;
  /**
   * Tells how the registration came out.
   */
  notifyRegistrationStatus(argument: _pluginregistration_RegistrationStatusInit, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_pluginregistration_RegistrationStatusResponse>): grpc.ClientUnaryCall;
  notifyRegistrationStatus(argument: _pluginregistration_RegistrationStatusInit, metadata: grpc.Metadata, callback: grpc.requestCallback<_pluginregistration_RegistrationStatusResponse>): grpc.ClientUnaryCall;
  notifyRegistrationStatus(argument: _pluginregistration_RegistrationStatusInit, options: grpc.CallOptions, callback: grpc.requestCallback<_pluginregistration_RegistrationStatusResponse>): grpc.ClientUnaryCall;
  notifyRegistrationStatus(argument: _pluginregistration_RegistrationStatusInit, callback: grpc.requestCallback<_pluginregistration_RegistrationStatusResponse>): grpc.ClientUnaryCall;
  
}

export interface RegistrationHandlers extends grpc.UntypedServiceImplementation {
  /**
   * Asked when the kubelet has found the socket, and again after it has restarted.
   */
  GetInfo: grpc.handleUnaryCall<_pluginregistration_InfoRequest, _pluginregistration_PluginInfoInit>;
  
  /**
   * Tells how the registration came out.
   */
  NotifyRegistrationStatus: grpc.handleUnaryCall<_pluginregistration_RegistrationStatus, _pluginregistration_RegistrationStatusResponseInit>;
  
}

export interface RegistrationDefinition extends grpc.ServiceDefinition {
  GetInfo: MethodDefinition<_pluginregistration_InfoRequestInit, _pluginregistration_PluginInfoInit, _pluginregistration_InfoRequest, _pluginregistration_PluginInfo>
  NotifyRegistrationStatus: MethodDefinition<_pluginregistration_RegistrationStatusInit, _pluginregistration_RegistrationStatusResponseInit, _pluginregistration_RegistrationStatus, _pluginregistration_RegistrationStatusResponse>
}
