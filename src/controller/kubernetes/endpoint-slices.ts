import { DiscoveryV1Api, makeInformer, type KubeConfig } from '@kubernetes/client-node'
import type { Logger } from 'pino'
import type { NodeAddress } from '../directory.ts'
import { addressesIn } from '../endpoints.ts'
import { explain } from './api.ts'

/** How long to wait after an error of the API server. */
const PAUSE_MS = 2000

export interface ServiceName {
  readonly namespace: string
  readonly name: string
}

/**
 * Watches where the pods of a headless Service are, for which it needs get, list and watch of endpointslices
 * in the Service's namespace.
 *
 * @param changed is told all of them at first and after every change
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
  // A list comes as many changes: they are told as one.
  const tellSoon = (): void => {
    due ??= setImmediate(() => {
      due = undefined
      changed(addressesIn(informer.list()))
    })
  }
  const list = async () => {
    const slices = await api.listNamespacedEndpointSlice({ namespace, labelSelector })
    // An empty list is no change, and has to be told too.
    tellSoon()
    return slices
  }
  const path = `/apis/discovery.k8s.io/v1/namespaces/${namespace}/endpointslices`
  const informer = makeInformer(config, path, list, labelSelector)
  informer.on('change', tellSoon)

  let stopped = false
  let pause: NodeJS.Timeout | undefined
  informer.on('error', (error: unknown) => {
    if (stopped) return
    log.warn(
      { service: `${namespace}/${name}`, error: explain(error) },
      'the API server does not answer; asking again',
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
