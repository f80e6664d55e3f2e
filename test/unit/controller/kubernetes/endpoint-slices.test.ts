import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import type { NodeAddress } from '../../../../src/controller/directory.ts'
import { kubeConfig } from '../../../../src/controller/kubernetes/api.ts'
import { watchEndpointSlices } from '../../../../src/controller/kubernetes/endpoint-slices.ts'
import { Scratch } from '../../../scratch.ts'
import { silent } from '../../volumes/world.ts'

const PATH = '/apis/discovery.k8s.io/v1/namespaces/storage/endpointslices'

/** So much of an API server as a list and a watch of one kind need. */
class FakeApiServer implements AsyncDisposable {
  items: object[] = []
  failures = 0
  readonly lists: string[] = []
  readonly #server: Server
  readonly #watches: ServerResponse[] = []

  constructor() {
    this.#server = createServer((request, response) => {
      this.#answer(request, response)
    })
  }

  async listen(): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve))
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  async watched(): Promise<void> {
    while (this.#watches.length === 0) await new Promise((resolve) => setTimeout(resolve, 10))
  }

  tell(type: string, object: object): void {
    for (const watch of this.#watches) watch.write(`${JSON.stringify({ type, object })}\n`)
  }

  #answer({ url = '' }: IncomingMessage, response: ServerResponse): void {
    const { pathname, searchParams } = new URL(url, 'http://x')
    expect(pathname).toBe(PATH)
    expect(searchParams.get('labelSelector')).toBe('kubernetes.io/service-name=nodes')
    response.setHeader('content-type', 'application/json')
    if (searchParams.has('watch')) {
      response.flushHeaders()
      this.#watches.push(response)
      return
    }
    this.lists.push(url)
    if (this.failures-- > 0) response.writeHead(503).end('{}')
    else
      response.end(
        JSON.stringify({
          apiVersion: 'discovery.k8s.io/v1',
          kind: 'EndpointSliceList',
          metadata: { resourceVersion: '7' },
          items: this.items,
        }),
      )
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await new Promise((resolve) => {
      this.#server.close(resolve)
      this.#server.closeAllConnections()
    })
  }
}

function slice(name: string, version: string, ...addresses: string[]): object {
  return {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: { name, namespace: 'storage', resourceVersion: version },
    addressType: 'IPv4',
    ports: [{ name: 'grpc', port: 9809 }],
    endpoints: addresses.map((address) => ({
      addresses: [address],
      nodeName: `w${address.split('.')[3]}`,
      conditions: { ready: true },
    })),
  }
}

describe('the watch of EndpointSlices', () => {
  let scratch: Scratch
  let api: FakeApiServer
  let told: NodeAddress[][]
  let watch: AsyncDisposable
  const before = process.env['KUBECONFIG']

  beforeEach(async () => {
    scratch = await Scratch.make()
    api = new FakeApiServer()
    told = []
    const file = join(scratch.path, 'kubeconfig')
    const server = await api.listen()
    const config = {
      clusters: [{ name: 'c', cluster: { server, 'insecure-skip-tls-verify': true } }],
      users: [{ name: 'u', user: {} }],
      contexts: [{ name: 'x', context: { cluster: 'c', user: 'u' } }],
      'current-context': 'x',
    }
    await writeFile(file, JSON.stringify(config))
    process.env['KUBECONFIG'] = file
  })

  afterEach(async () => {
    if (before === undefined) delete process.env['KUBECONFIG']
    else process.env['KUBECONFIG'] = before
    await watch[Symbol.asyncDispose]()
    await api[Symbol.asyncDispose]()
    await scratch[Symbol.asyncDispose]()
  })

  const start = async (): Promise<void> => {
    const changed = (addresses: NodeAddress[]) => told.push(addresses)
    watch = await watchEndpointSlices(kubeConfig(), { namespace: 'storage', name: 'nodes' }, changed, silent)
  }

  const names = async (count: number): Promise<string[][]> => {
    while (told.length < count) await new Promise((resolve) => setTimeout(resolve, 10))
    return told.map((addresses) => addresses.map(({ name }) => name))
  }

  it('reports a list at once, and then every change', async () => {
    api.items = [slice('one', '1', '10.0.0.1'), slice('two', '2', '10.0.0.2')]
    await start()
    expect(await names(1)).toEqual([['w1', 'w2']])
    expect(told[0]?.[0]).toEqual({ name: 'w1', address: '10.0.0.1:9809' })
    await api.watched()
    api.tell('MODIFIED', slice('two', '8', '10.0.0.2', '10.0.0.3'))
    expect((await names(2))[1]).toEqual(['w1', 'w2', 'w3'])
    api.tell('DELETED', slice('one', '9', '10.0.0.1'))
    expect((await names(3))[2]).toEqual(['w2', 'w3'])
  })

  it('reports that there are none', async () => {
    await start()
    expect(await names(1)).toEqual([[]])
  })

  it('asks again when the API server does not answer', async () => {
    api.failures = 1
    api.items = [slice('one', '1', '10.0.0.1')]
    await start()
    expect(told).toEqual([])
    expect(await names(1)).toEqual([['w1']])
    expect(api.lists).toHaveLength(2)
  })
})
