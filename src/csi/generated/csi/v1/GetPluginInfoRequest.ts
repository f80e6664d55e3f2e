// Original file: proto/csi.proto


export interface GetPluginInfoRequestInit {
}

export interface GetPluginInfoRequest {
}
