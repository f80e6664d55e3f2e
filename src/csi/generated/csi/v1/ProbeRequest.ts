// Original file: proto/csi.proto


export interface ProbeRequestInit {
}

export interface ProbeRequest {
}
