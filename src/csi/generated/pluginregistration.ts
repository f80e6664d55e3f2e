import type * as grpc from '@grpc/grpc-js';
import type { MessageTypeDefinition } from '@grpc/proto-loader';

import type { InfoRequestInit as _pluginregistration_InfoRequestInit, InfoRequest as _pluginregistration_InfoRequest } from './pluginregistration/InfoRequest.ts';
import type { PluginInfoInit as _pluginregistration_PluginInfoInit, PluginInfo as _pluginregistration_PluginInfo } from './pluginregistration/PluginInfo.ts';
import type { RegistrationClient as _pluginregistration_RegistrationClient, RegistrationDefinition as _pluginregistration_RegistrationDefinition } from './pluginregistration/Registration.ts';
import type { RegistrationStatusInit as _pluginregistration_RegistrationStatusInit, RegistrationStatus as _pluginregistration_RegistrationStatus } from './pluginregistration/RegistrationStatus.ts';
import type { RegistrationStatusResponseInit as _pluginregistration_RegistrationStatusResponseInit, RegistrationStatusResponse as _pluginregistration_RegistrationStatusResponse } from './pluginregistration/RegistrationStatusResponse.ts';

type SubtypeConstructor<Constructor extends new (...args: any) => any, Subtype> = {
  new(...args: ConstructorParameters<Constructor>): Subtype;
};

export interface ProtoGrpcType {
  pluginregistration: {
    InfoRequest: MessageTypeDefinition<_pluginregistration_InfoRequestInit, _pluginregistration_InfoRequest>
    PluginInfo: MessageTypeDefinition<_pluginregistration_PluginInfoInit, _pluginregistration_PluginInfo>
    Registration: SubtypeConstructor<typeof grpc.Client, _pluginregistration_RegistrationClient> & { service: _pluginregistration_RegistrationDefinition }
    RegistrationStatus: MessageTypeDefinition<_pluginregistration_RegistrationStatusInit, _pluginregistration_RegistrationStatus>
    RegistrationStatusResponse: MessageTypeDefinition<_pluginregistration_RegistrationStatusResponseInit, _pluginregistration_RegistrationStatusResponse>
  }
}

