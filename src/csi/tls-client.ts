import { X509Certificate } from 'node:crypto'
import { checkServerIdentity, createSecureContext } from 'node:tls'
import { credentials, type ChannelOptions } from '@grpc/grpc-js'
import { validityOf, type Validity } from './certificate-validity.ts'
import { NODE_CERTIFICATE_NAME, type TlsIdentity } from './certificates.ts'
import { connect, type CsiClient } from './client.ts'

const options: ChannelOptions = {
  'grpc.ssl_target_name_override': NODE_CERTIFICATE_NAME,
  // A node that has lost its power says nothing: it is asked for a sign of life while calls wait for it.
  'grpc.keepalive_time_ms': 10_000,
  'grpc.keepalive_timeout_ms': 5000,
  // A driver that was restarted is back in a second; the default waits up to two minutes.
  'grpc.initial_reconnect_backoff_ms': 200,
  'grpc.max_reconnect_backoff_ms': 2000,
  // Nodes are reached directly, whatever the environment says for others.
  'grpc.enable_http_proxy': 0,
  'grpc.service_config_disable_resolution': 1,
}

/**
 * A client of the services that a node serves to the controller role.
 *
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
  return connect(address, channel, options)
}
