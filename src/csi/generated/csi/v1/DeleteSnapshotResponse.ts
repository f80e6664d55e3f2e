// Original file: proto/csi.proto


export interface DeleteSnapshotResponseInit {
}

export interface DeleteSnapshotResponse {
}
