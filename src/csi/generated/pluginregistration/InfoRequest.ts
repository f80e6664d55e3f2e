// Original file: proto/pluginregistration.proto


export interface InfoRequestInit {
}

export interface InfoRequest {
}
