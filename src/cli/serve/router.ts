import { NodeDirectory, type DirectoryDependencies, type NodeAddress } from '../../controller/directory.ts'
import type { Joined, KubernetesConfig } from '../../controller/kubernetes/join.ts'
import { addRoutes } from '../../controller/router.ts'
import { Certificates } from '../../csi/certificates.ts'
import { CsiServer } from '../../csi/server.ts'
import { connectToNode } from '../../csi/tls.ts'
import { addCertificateMetrics } from '../../monitoring/process-metrics.ts'
import type { Address } from '../terminal/options.ts'
import { version } from '../terminal/version.ts'
import type { RunningDriver } from './driver.ts'
import { makeLog, startTracing, type LogConfig, type TracingOptions } from './telemetry.ts'

export interface RouterConfig extends LogConfig, TracingOptions {
  readonly endpoint: string
  readonly driverName: string
  /** The addresses of the nodes: a fixed list, or from Kubernetes. */
  readonly nodes: readonly NodeAddress[] | Omit<KubernetesConfig, 'driverName'>
  readonly tlsDir: string
  readonly http: Address | undefined
}

/** Builds the controller role, and serves. @throws when it cannot serve */
export async function startRouter(config: RouterConfig): Promise<RunningDriver> {
  const log = makeLog(config, { role: 'controller' })
  await using resources = new AsyncDisposableStack()
  const { driverName, endpoint, http, nodes: source, tlsDir } = config
  const tracing = resources.use(await startTracing(config, {}, log))
  const certificates = resources.use(await Certificates.open(tlsDir, log))
  const connect: DirectoryDependencies['connect'] = (address, onCertificate) =>
    connectToNode(address, certificates.identity, onCertificate)
  const nodes = resources.use(new NodeDirectory({ driverName, connect, log }))
  certificates.onChange(() => {
    nodes.reconnect()
  })
  let kubernetes: Joined | undefined
  if ('service' in source) {
    const { joinKubernetes } = await import('../../controller/kubernetes/join.ts')
    kubernetes = resources.use(await joinKubernetes({ ...source, driverName }, { nodes, certificates, log }))
  } else {
    nodes.update(source)
  }

  const monitoring = http && new (await import('../../monitoring/roles.ts')).ControllerMonitoring(version)
  if (kubernetes) monitoring?.watch(kubernetes.findings)
  if (monitoring) addCertificateMetrics(monitoring.metrics, certificates)
  const metrics = monitoring?.metrics
  const server = resources.use(new CsiServer(log, { observe: metrics?.observe, tracer: tracing }))
  addRoutes(server, nodes, { driverName, version }, kubernetes?.context)
  await server.listen(endpoint)
  if (http && metrics) {
    const { HttpServer } = await import('../../monitoring/http-server.ts')
    const { healthPages } = await import('../../monitoring/health-pages.ts')
    const pages = healthPages({
      check: () => Promise.resolve([]),
      problems: () => (nodes.isKnown ? [] : ['the addresses of the nodes are not known yet']),
      warnings: () => [],
    })
    resources.use(await HttpServer.listen(http, { ...pages, ...metrics.pages }))
  }
  log.info({ endpoint, driver: driverName, version }, 'serving')
  const running = resources.move()
  return {
    async stop(reason) {
      log.info({ reason }, 'stopping')
      await running.disposeAsync()
      log.info('stopped')
    },
  }
}
