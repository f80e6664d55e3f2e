import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { messageOf } from '../volumes/errors.ts'
import { Newest } from './newest.ts'

/** What a path answers with. */
export interface Page {
  /** HTTP's: 200 or 503. */
  readonly status: number
  readonly type: string
  /** Text, or large text in pieces. */
  readonly body: string | readonly Uint8Array[]
}

/** What each path answers with, asked anew each time. */
export type Pages = Readonly<Record<string, () => Promise<Page>>>

/** Many times what kubelet, Prometheus and a few people have open at once. */
const MOST_CONNECTIONS = 64

/** Bodies of /metrics that are kept for readers: with 20,000 volumes each has 10 MiB. */
const MOST_BODIES = 3

/** The longest scrape_timeout that makes sense; a reader who takes longer is disconnected. */
const LONGEST_CONNECTION_MS = 60_000

const limits = {
  maxHeaderSize: 8 << 10,
  headersTimeout: 5000,
  requestTimeout: 5000,
  // How often Node looks for the two above.
  connectionsCheckingInterval: 1000,
}

/**
 * An HTTP server for kubelet's probes and for Prometheus: a few pages to GET, and nothing else. Anyone in the cluster's network
 * can connect, so what one of them can take is bounded: one request for each connection, which has a minute; one making of
 * a page at a time, which all who ask meanwhile share. Of too many connections the oldest is closed and not the newest refused, so
 * that a probe, which is short, gets through.
 */
export class HttpServer implements AsyncDisposable {
  readonly #server: Server
  readonly #pages: Pages
  readonly #making = new Map<string, Promise<Page>>()
  readonly #connections = new Newest<Socket>(MOST_CONNECTIONS, (socket) => socket.destroy())
  /** The bodies that are being sent, each with its readers. */
  readonly #sending = new Map<Page['body'], Set<ServerResponse>>()
  readonly #bodies = new Newest<Page['body']>(MOST_BODIES, (body) => {
    for (const response of this.#sending.get(body) ?? []) response.destroy()
  })

  private constructor(pages: Pages) {
    this.#pages = pages
    this.#server = createServer(limits, (request, response) => {
      void this.#answer(request, response)
    })
    this.#server.maxRequestsPerSocket = 1
    this.#server.on('connection', (socket) => {
      this.#connections.add(socket)
      const timer = setTimeout(() => socket.destroy(), LONGEST_CONNECTION_MS).unref()
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
  ): Promise<HttpServer> {
    const made = new HttpServer(pages)
    const server = made.#server
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject)
      server.listen(address.port, address.host === '' ? undefined : address.host, resolve)
    })
    return made
  }

  /** The one that was given, or that the kernel chose for 0. */
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

  /** The pieces are queued as they are, not copied: all readers have the same. */
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

  /** Made once for all who ask while it is being made. */
  #shared(path: string): Promise<Page> {
    const making = this.#making.get(path)
    if (making) return making
    const made = Promise.resolve(this.#pages[path]?.()).finally(() =>
      this.#making.delete(path),
    ) as Promise<Page>
    this.#making.set(path, made)
    return made
  }
}

export function text(status: number, body: string): Page {
  return { status, type: 'text/plain; charset=utf-8', body: `${body}\n` }
}
