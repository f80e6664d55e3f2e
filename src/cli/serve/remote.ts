import { networkInterfaces } from 'node:os'
import type { Logger } from 'pino'
import { Certificates } from '../../csi/certificates.ts'
import type { CsiServer } from '../../csi/server.ts'
import { MutualTlsCredentials } from '../../csi/tls.ts'
import { addCertificateMetrics } from '../../monitoring/process-metrics.ts'
import type { Metrics } from '../../monitoring/metrics.ts'
import type { Address } from '../terminal/options.ts'

/** The address for the controller role, and the certificates of both. */
export interface RemoteConfig {
  readonly listen: Address
  readonly tlsDir: string
}

/** Opens a port over mutual TLS. @returns the certificates, which are watched until they are disposed of */
export async function listenRemotely(
  server: CsiServer,
  { listen, tlsDir }: RemoteConfig,
  metrics: Metrics | undefined,
  log: Logger,
): Promise<Disposable> {
  using opened = new DisposableStack()
  const certificates = opened.use(await Certificates.open(tlsDir, log))
  if (metrics) addCertificateMetrics(metrics, certificates)
  const host = listen.host === '' ? everywhere() : listen.host
  await server.listenRemotely({ ...listen, host }, new MutualTlsCredentials(certificates))
  return opened.move()
}

/** `::` also accepts IPv4, but cannot be used on machines without IPv6. */
function everywhere(): string {
  const addresses = Object.values(networkInterfaces()).flatMap((list) => list ?? [])
  return addresses.some(({ family }) => family === 'IPv6') ? '::' : '0.0.0.0'
}
