import { Certificates } from '../csi/certificates.ts'
import { CsiServer } from '../csi/server.ts'
import { connectToNode } from '../csi/tls-client.ts'
import { NodeDirectory, type NodeAddress } from '../controller/directory.ts'
import { addRoutes } from '../controller/router.ts'
import type { Address } from './options.ts'
import type { RunningDriver } from './driver.ts'
import { makeLog, type LogConfig } from './log.ts'
import { version } from './version.ts'

export interface RouterConfig extends LogConfig {
  readonly endpoint: string
  readonly driverName: string
  /** Where the nodes are: a fixed list, or the headless Service of their pods. */
  readonly nodes: readonly NodeAddress[] | { readonly namespace: string; readonly name: string }
  readonly tlsDir: string
  readonly http: Address | undefined
}

/** Puts the controller role together, and serves. @throws when it cannot serve */
export async function startRouter(config: RouterConfig): Promise<RunningDriver> {
  const log = makeLog(config, { role: 'controller' })
  await using resources = new AsyncDisposableStack()
  const { driverName, endpoint, http, nodes: source, tlsDir } = config
  const certificates = resources.use(await Certificates.open(tlsDir, log))
  const connect = (address: string) => connectToNode(address, certificates.identity)
  const nodes = resources.use(new NodeDirectory({ driverName, connect, log }))
  certificates.onChange(() => {
    nodes.reconnect()
  })
  if ('name' in source) {
    const { watchEndpointSlices } = await import('../controller/endpoint-slices.ts')
    const changed = (addresses: NodeAddress[]): void => {
      nodes.update(addresses)
    }
    resources.use(await watchEndpointSlices(source, changed, log))
  } else {
    nodes.update(source)
  }

  const metrics =
    http && new (await import('../monitoring/controller-monitoring.ts')).ControllerMonitoring(version).metrics
  const server = resources.use(new CsiServer(log, metrics?.observe))
  addRoutes(server, nodes, { driverName, version })
  await server.listen(endpoint)
  if (http && metrics) {
    const { HttpServer } = await import('../monitoring/http-server.ts')
    const { healthPages } = await import('../monitoring/health-pages.ts')
    const pages = healthPages({
      check: () => Promise.resolve([]),
      problems: () => (nodes.isKnown ? [] : ['it is not known yet where the nodes are']),
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
