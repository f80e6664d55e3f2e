// Original file: proto/pluginregistration.proto


export interface RegistrationStatusResponseInit {
}

export interface RegistrationStatusResponse {
}
