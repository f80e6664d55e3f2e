import { DiscoveryV1Api, makeInformer, type KubeConfig } from '@kubernetes/client-node'
import type { Logger } from 'pino'
import type { NodeAddress } from '../directory.ts'
import { explain } from './api.ts'

/** Pause after an error of the API server. */
const PAUSE_MS = 2000

/** The name of the Service's port on which nodes serve the controller role. */
export const PORT_NAME = 'grpc'

export interface ServiceName {
  readonly namespace: string
  readonly name: string
}

/** The fields of an EndpointSlice (discovery.k8s.io/v1) that are read. An empty list is null. */
export interface Slice {
  readonly endpoints?: readonly Endpoint[] | null
  readonly ports?: readonly { readonly name?: string; readonly port?: number }[] | null
}

interface Endpoint {
  readonly addresses: readonly string[]
  readonly nodeName?: string
  readonly conditions?: { readonly ready?: boolean; readonly terminating?: boolean }
}

/**
 * Watches the addresses of the pods of a headless Service. It needs get, list and watch of endpointslices in
 * the Service's namespace.
 * @param changed called with all addresses after the first list and after each change
 */
export async function watchEndpointSlices(
  config: KubeConfig,
  { namespace, name }: ServiceName,
  changed: (addresses: NodeAddress[]) => void,
  log: Logger,
): Promise<AsyncDisposable> {
  const api = config.makeApiClient(DiscoveryV1Api)
  const labelSelector = `kubernetes.io/service-name=${name}`
  let due: NodeJS.Immediate | undefined
  // The informer emits one change per listed object; report them once.
  const reportSoon = (): void => {
    due ??= setImmediate(() => {
      due = undefined
      changed(addressesIn(informer.list()))
    })
  }
  const list = async () => {
    const slices = await api.listNamespacedEndpointSlice({ namespace, labelSelector })
    // An empty list causes no change event, and must be reported as well.
    reportSoon()
    return slices
  }
  const path = `/apis/discovery.k8s.io/v1/namespaces/${namespace}/endpointslices`
  const informer = makeInformer(config, path, list, labelSelector)
  informer.on('change', reportSoon)

  let stopped = false
  let pause: NodeJS.Timeout | undefined
  informer.on('error', (error: unknown) => {
    if (stopped) return
    log.warn(
      { service: `${namespace}/${name}`, error: explain(error) },
      'cannot watch the EndpointSlices of the Service; retrying',
    )
    clearTimeout(pause)
    pause = setTimeout(() => void informer.start(), PAUSE_MS)
  })
  await informer.start()
  return {
    async [Symbol.asyncDispose]() {
      stopped = true
      clearTimeout(pause)
      clearImmediate(due)
      await informer.stop()
    },
  }
}

/**
 * The addresses of the nodes. While a node's driver is replaced, the node has two pods: prefer the ready pod;
 * without one use the other, which may still serve.
 */
export function addressesIn(slices: readonly Slice[]): NodeAddress[] {
  const found = slices.flatMap(({ endpoints, ports }) => {
    const port = ports?.find(({ name }) => name === PORT_NAME)?.port
    return port === undefined ? [] : (endpoints ?? []).flatMap((endpoint) => rankedAddress(endpoint, port))
  })
  found.sort((a, b) => b.rank - a.rank)
  const best = new Map(found.reverse().map(({ name, address }) => [name, { name, address }]))
  return [...best.values()].sort((a, b) => (a.name < b.name ? -1 : 1))
}

function rankedAddress(
  { addresses, nodeName, conditions }: Endpoint,
  port: number,
): (NodeAddress & { rank: number })[] {
  const [host] = addresses
  if (host === undefined || nodeName === undefined) return []
  const rank = (conditions?.terminating === true ? 0 : 2) + (conditions?.ready === false ? 0 : 1)
  return [{ name: nodeName, address: host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`, rank }]
}
