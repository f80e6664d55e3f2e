// Original file: proto/csi.proto


export interface ControllerGetCapabilitiesRequestInit {
}

export interface ControllerGetCapabilitiesRequest {
}
