// Original file: proto/csi.proto


export interface NodeGetCapabilitiesRequestInit {
}

export interface NodeGetCapabilitiesRequest {
}
