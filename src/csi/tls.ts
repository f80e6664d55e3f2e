import { X509Certificate } from 'node:crypto'
import { checkServerIdentity, createSecureContext } from 'node:tls'
import {
  credentials,
  ServerCredentials,
  ServerInterceptingCall,
  status,
  type ChannelOptions,
  type ServerInterceptor,
  type ServerOptions,
} from '@grpc/grpc-js'
import {
  CONTROLLER_CERTIFICATE_NAME,
  NODE_CERTIFICATE_NAME,
  validityOf,
  type Certificates,
  type TlsIdentity,
  type Validity,
} from './certificates.ts'
import { connect, type CsiClient } from './client.ts'

const clientOptions: ChannelOptions = {
  'grpc.ssl_target_name_override': NODE_CERTIFICATE_NAME,
  // A node without power does not close its connections; pings detect that while calls run.
  'grpc.keepalive_time_ms': 10_000,
  'grpc.keepalive_timeout_ms': 5000,
  // A driver restarts within a second; by default, grpc-js waits up to two minutes.
  'grpc.initial_reconnect_backoff_ms': 200,
  'grpc.max_reconnect_backoff_ms': 2000,
  // Connect to nodes directly, even if the environment defines a proxy.
  'grpc.enable_http_proxy': 0,
  'grpc.service_config_disable_resolution': 1,
}

/**
 * A client of the services that a node serves to the controller role.
 * @param address `host:port`
 * @param onCertificate gets the validity of the node's certificate at each new connection
 */
export function connectToNode(
  address: string,
  identity: TlsIdentity,
  onCertificate: (validity: Validity) => void = () => undefined,
): CsiClient {
  const channel = credentials.createFromSecureContext(createSecureContext({ ...identity }), {
    checkServerIdentity: (name, certificate) => {
      onCertificate(validityOf('the certificate of the node', new X509Certificate(certificate.raw)))
      return checkServerIdentity(name, certificate)
    },
  })
  return connect(address, channel, clientOptions)
}

/** Limits how long a connection can outlive the certificate that it was opened with. */
const MAX_CONNECTION_MS = 3_600_000

/** Connections without calls are closed after this time; the controller reconnects for its next call. */
const MAX_IDLE_MS = 900_000

/** Each of the controller's sidecars makes at most 100 concurrent calls; further calls wait in the client. */
const MAX_CALLS = 1000

/**
 * TLS 1.3 only, and only with a client certificate of the CA. New connections use the current certificates.
 */
export class MutualTlsCredentials extends ServerCredentials {
  constructor(certificates: Certificates) {
    super({ requestCert: true, rejectUnauthorized: true }, { ...certificates.identity })
    certificates.onChange((identity) => {
      this.updateSecureContextOptions({ ...identity })
    })
  }

  override _equals(other: ServerCredentials): boolean {
    return this === other
  }
}

/** For a server that only the controller role may call: a certificate of the CA is not enough. */
export const forControllerOnly: ServerOptions = {
  interceptors: [requireController()],
  'grpc.max_connection_age_ms': MAX_CONNECTION_MS,
  'grpc.max_connection_idle_ms': MAX_IDLE_MS,
  'grpc.max_concurrent_streams': MAX_CALLS,
  // Closes connections whose peer has disappeared without closing them.
  'grpc.keepalive_time_ms': 60_000,
  'grpc.keepalive_timeout_ms': 20_000,
}

function requireController(): ServerInterceptor {
  return (_method, call) => {
    const certificate = call.getAuthContext().sslPeerCertificate
    // checkServerIdentity is for servers, but client certificates have their DNS names in the same field.
    const problem = certificate
      ? checkServerIdentity(CONTROLLER_CERTIFICATE_NAME, certificate)?.message
      : 'there is no certificate'
    if (problem === undefined) return new ServerInterceptingCall(call)
    return new ServerInterceptingCall(call, {
      start: (next) => {
        next({
          onReceiveMetadata: () => {
            const details = `only ${CONTROLLER_CERTIFICATE_NAME} may call this: ${problem}`
            call.sendStatus({ code: status.UNAUTHENTICATED, details })
          },
        })
      },
    })
  }
}
