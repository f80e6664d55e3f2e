import { checkServerIdentity } from 'node:tls'
import {
  ServerCredentials,
  ServerInterceptingCall,
  status,
  type ServerInterceptor,
  type ServerOptions,
} from '@grpc/grpc-js'
import { CONTROLLER_CERTIFICATE_NAME, type Certificates } from './certificates.ts'

/** A connection is made anew this often, so that nobody lives on a certificate that has expired. */
const LONGEST_CONNECTION_MS = 3_600_000

/** A controller that has nothing to ask for so long connects again for its next call. */
const LONGEST_IDLE_MS = 900_000

/** The sidecars of the controller make at most 100 calls at once each; further calls wait in the client. */
const MOST_CALLS = 1000

/**
 * TLS 1.3 only, and to nobody without a certificate of our CA. New connections have the certificates of the
 * day.
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

/**
 * For a server that only the controller role may call: of those with a certificate, the others are turned
 * away.
 */
export const forControllerOnly: ServerOptions = {
  interceptors: [requireController()],
  'grpc.max_connection_age_ms': LONGEST_CONNECTION_MS,
  'grpc.max_connection_idle_ms': LONGEST_IDLE_MS,
  'grpc.max_concurrent_streams': MOST_CALLS,
  // A connection whose other end has disappeared without a word, with its machine for example, is closed.
  'grpc.keepalive_time_ms': 60_000,
  'grpc.keepalive_timeout_ms': 20_000,
}

function requireController(): ServerInterceptor {
  return (_method, call) => {
    const certificate = call.getAuthContext().sslPeerCertificate
    // The name is the client's here, but names in certificates know no sides.
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
