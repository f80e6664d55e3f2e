import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { messageOf } from '../volumes/model/errors.ts'
import { Newest } from '../volumes/concurrency/newest.ts'

/** The response of a path. */
export interface Page {
  /** 200 or 503. */
  readonly status: number
  readonly type: string
  /** Large text consists of several pieces. */
  readonly body: string | readonly Uint8Array[]
}

/** The pages by path, rendered for each request. */
export type Pages = Readonly<Record<string, () => Promise<Page>>>

export interface HttpLimits {
  readonly connections: number
  /** Limit on large bodies in memory at the same time. */
  readonly bodies: number
  /** From the connection to the end of the request, in milliseconds. */
  readonly requestMs: number
  /** From the connection to the end of the response, in milliseconds. */
  readonly connectionMs: number
  readonly headerBytes: number
}

const defaults: HttpLimits = {
  // Many more than the kubelet, Prometheus and a few people need.
  connections: 64,
  // With 20,000 volumes, /metrics has 8 MiB.
  bodies: 3,
  requestMs: 5000,
  // Longer than any useful scrape_timeout.
  connectionMs: 60_000,
  headerBytes: 8 << 10,
}

/**
 * Serves pages for the kubelet's probes and for Prometheus. Anyone in the cluster's network can connect, so
 * the resources of a client are limited: a connection has one request and one minute, and requests for a page
 * that is being rendered share it. When there are too many connections, the oldest is closed, so that a
 * probe, which is short, succeeds.
 */
export class HttpServer implements AsyncDisposable {
  readonly #server: Server
  readonly #pages: Pages
  readonly #rendering = new Map<string, Promise<Page>>()
  readonly #connections: Newest<Socket>
  /** The bodies that are being sent, with the responses that they are sent to. */
  readonly #sending = new Map<Page['body'], Set<ServerResponse>>()
  readonly #bodies: Newest<Page['body']>

  private constructor(pages: Pages, limits: HttpLimits) {
    this.#pages = pages
    this.#connections = new Newest(limits.connections, (socket) => socket.destroy())
    this.#bodies = new Newest(limits.bodies, (body) => {
      for (const response of this.#sending.get(body) ?? []) response.destroy()
    })
    const options = {
      maxHeaderSize: limits.headerBytes,
      headersTimeout: limits.requestMs,
      requestTimeout: limits.requestMs,
      // How often Node checks the two timeouts above.
      connectionsCheckingInterval: limits.requestMs / 5,
    }
    this.#server = createServer(options, (request, response) => {
      void this.#answer(request, response)
    })
    this.#server.maxRequestsPerSocket = 1
    this.#server.on('connection', (socket) => {
      this.#connections.add(socket)
      const timer = setTimeout(() => socket.destroy(), limits.connectionMs).unref()
      socket.once('close', () => {
        clearTimeout(timer)
        this.#connections.delete(socket)
      })
    })
  }

  /** @param host empty: all addresses of this machine @throws EADDRINUSE */
  static async listen(
    address: { readonly host: string; readonly port: number },
    pages: Pages,
    limits: Partial<HttpLimits> = {},
  ): Promise<HttpServer> {
    const made = new HttpServer(pages, { ...defaults, ...limits })
    const server = made.#server
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject)
      server.listen(address.port, address.host === '' ? undefined : address.host, resolve)
    })
    return made
  }

  /** The port of `listen`, or the one that the kernel chose for 0. */
  get port(): number {
    return (this.#server.address() as AddressInfo).port
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await new Promise((resolve) => {
      this.#server.close(resolve)
      this.#server.closeAllConnections()
    })
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { status, type, body } = await this.#pageOf(request)
    response.writeHead(status, { 'content-type': type, 'cache-control': 'no-store' })
    if (request.method === 'HEAD') response.end()
    else if (typeof body === 'string') response.end(body)
    else this.#send(body, response)
  }

  /** The pieces are queued without a copy: all responses share them. */
  #send(body: readonly Uint8Array[], response: ServerResponse): void {
    if (response.destroyed) return
    const readers = this.#sending.get(body) ?? new Set()
    this.#sending.set(body, readers.add(response))
    this.#bodies.add(body)
    response.once('close', () => {
      readers.delete(response)
      if (readers.size > 0) return
      this.#sending.delete(body)
      this.#bodies.delete(body)
    })
    for (const piece of body) response.write(piece)
    response.end()
  }

  async #pageOf({ method, url = '/' }: IncomingMessage): Promise<Page> {
    if (method !== 'GET' && method !== 'HEAD') return text(405, 'only GET is answered')
    const [path = ''] = url.split('?', 1)
    if (!Object.hasOwn(this.#pages, path))
      return text(404, `there are ${Object.keys(this.#pages).join(', ')}`)
    try {
      return await this.#shared(path)
    } catch (error) {
      return text(500, messageOf(error))
    }
  }

  /** Renders a page once for all requests that arrive meanwhile. */
  #shared(path: string): Promise<Page> {
    const rendering = this.#rendering.get(path)
    if (rendering) return rendering
    const made = Promise.resolve(this.#pages[path]?.()).finally(() =>
      this.#rendering.delete(path),
    ) as Promise<Page>
    this.#rendering.set(path, made)
    return made
  }
}

export function text(status: number, body: string): Page {
  return { status, type: 'text/plain; charset=utf-8', body: `${body}\n` }
}
