// Original file: proto/csi.proto


export interface ControllerModifyVolumeResponseInit {
}

export interface ControllerModifyVolumeResponse {
}
