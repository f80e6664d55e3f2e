import type { Logger } from 'pino'
import { KubeletRegistration } from '../../csi/registration.ts'
import type { Metrics } from '../../monitoring/metrics.ts'
import { describeFinding, type Finding } from '../../volumes/health/finding.ts'
import type { Address } from '../terminal/options.ts'

/** What a node tells about itself in a cluster. */
export interface ClusterConfig {
  /** The kubelet's directory of plugin sockets, by one of which the driver registers. */
  readonly registrationDir?: string | undefined
  /** The CSI socket as the kubelet sees it. */
  readonly kubeletEndpoint?: string | undefined
  /** Where the kubelet's probes and Prometheus ask. */
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

/** To be called when the CSI socket serves. @returns what takes the node out of the cluster again */
export async function joinCluster(config: ClusterConfig, on: ClusterDependencies): Promise<AsyncDisposable> {
  await using joined = new AsyncDisposableStack()
  const registration = registrationOf(config, on)
  if (config.http && on.metrics) joined.use(await serveHttp(config.http, on, on.metrics, registration))
  // Last of all, and the first to go: from now on the kubelet sends pods.
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
