import { networkInterfaces } from 'node:os'
import type { Logger } from 'pino'
import { Certificates } from '../../csi/certificates.ts'
import { KubeletRegistration } from '../../csi/registration.ts'
import type { CsiServer } from '../../csi/server.ts'
import { MutualTlsCredentials } from '../../csi/tls.ts'
import type { Metrics } from '../../monitoring/metrics.ts'
import { addCertificateMetrics } from '../../monitoring/process-metrics.ts'
import { describeFinding, type Finding } from '../../volumes/issues/catalogue.ts'
import type { Address } from '../terminal/options.ts'

/** How a node takes part in a cluster. */
export interface ClusterConfig {
  /** The kubelet's plugins_registry. */
  readonly registrationDir?: string | undefined
  /** The path of the CSI socket in the kubelet's mount namespace. */
  readonly kubeletEndpoint?: string | undefined
  /** For the kubelet's probes and Prometheus. */
  readonly http?: Address | undefined
}

export interface ClusterDependencies {
  readonly endpoint: string
  readonly driverName: string
  readonly findings: readonly Finding[]
  /** As in `Health`. */
  readonly checkHealth: () => Promise<readonly string[]>
  readonly metrics: Metrics | undefined
  readonly log: Logger
}

/** To be called when the CSI socket serves. Disposing it removes the node from the cluster. */
export async function joinCluster(config: ClusterConfig, on: ClusterDependencies): Promise<AsyncDisposable> {
  await using joined = new AsyncDisposableStack()
  const registration = registrationOf(config, on)
  if (config.http && on.metrics) joined.use(await serveHttp(config.http, on, on.metrics, registration))
  // Last, and disposed of first: from now on the kubelet starts pods with volumes.
  if (registration) {
    joined.use(registration)
    await registration.start()
  }
  return joined.move()
}

function registrationOf(
  { registrationDir, kubeletEndpoint }: ClusterConfig,
  { driverName, endpoint, log }: ClusterDependencies,
): KubeletRegistration | undefined {
  if (registrationDir === undefined) return undefined
  const config = { directory: registrationDir, driverName, endpoint: kubeletEndpoint ?? endpoint }
  return new KubeletRegistration(config, log)
}

async function serveHttp(
  address: Address,
  { findings, checkHealth }: ClusterDependencies,
  metrics: Metrics,
  registration: KubeletRegistration | undefined,
): Promise<AsyncDisposable> {
  const { HttpServer } = await import('../../monitoring/http-server.ts')
  const { healthPages } = await import('../../monitoring/health-pages.ts')
  const messages = (severity: Finding['severity']): string[] =>
    findings.filter((finding) => finding.severity === severity).map(describeFinding)
  const pages = healthPages({
    check: checkHealth,
    problems: () => [...messages('error'), registration?.problem ?? []].flat(),
    warnings: () => messages('warning'),
  })
  return HttpServer.listen(address, { ...pages, ...metrics.pages })
}

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
