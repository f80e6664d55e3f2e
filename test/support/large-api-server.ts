import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

/** The objects of one kind: so many, made when they are listed. */
export interface Collection {
  readonly size: number
  readonly make: (index: number) => object
}

/**
 * As much of an API server as the controller role needs, with collections that are too large to be kept:
 * lists by pages, watches in which nothing happens, and objects that are created or replaced as they were
 * sent.
 */
export class LargeApiServer implements AsyncDisposable {
  /** How often the last page of a path was served. */
  readonly lists = new Map<string, number>()
  readonly #collections: Readonly<Record<string, Collection>>
  readonly #objects: Readonly<Record<string, object>>
  readonly #server: Server

  /**
   * @param collections by path
   * @param objects single ones by path
   */
  constructor(
    collections: Readonly<Record<string, Collection>>,
    objects: Readonly<Record<string, object>> = {},
  ) {
    this.#collections = collections
    this.#objects = objects
    this.#server = createServer((request, response) => {
      this.#answer(request, response)
    })
  }

  /** @returns its URL */
  async listen(): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve))
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    const { method = '', url = '' } = request
    const { pathname, searchParams } = new URL(url, 'http://x')
    response.setHeader('content-type', 'application/json')
    if (method !== 'GET') {
      response.writeHead(method === 'POST' ? 201 : 200)
      request.pipe(response)
      return
    }
    if (searchParams.has('watch')) {
      response.flushHeaders()
      return
    }
    const collection = this.#collections[pathname]
    if (collection) this.#list(pathname, collection, searchParams, response)
    else if (this.#objects[pathname]) response.end(JSON.stringify(this.#objects[pathname]))
    else response.writeHead(404).end(JSON.stringify({ kind: 'Status', code: 404, message: `no ${pathname}` }))
  }

  #list(path: string, { size, make }: Collection, query: URLSearchParams, response: ServerResponse): void {
    const start = Number(query.get('continue') ?? 0)
    const end = Math.min(size, start + Number(query.get('limit') ?? size))
    const items = Array.from({ length: end - start }, (_, index) => make(start + index))
    const metadata = { resourceVersion: '1', ...(end < size && { continue: `${end}` }) }
    if (end === size) this.lists.set(path, (this.lists.get(path) ?? 0) + 1)
    response.end(JSON.stringify({ kind: 'List', apiVersion: 'v1', metadata, items }))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await new Promise((resolve) => {
      this.#server.close(resolve)
      this.#server.closeAllConnections()
    })
  }
}
