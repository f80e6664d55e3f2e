import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { messageOf } from '../volumes/errors.ts'

/** What a path answers with. */
export interface Page {
  /** HTTP's: 200 or 503. */
  readonly status: number
  readonly type: string
  readonly body: string
}

/** What each path answers with, asked anew each time. */
export type Pages = Readonly<Record<string, () => Promise<Page>>>

/** An HTTP server for kubelet's probes and for Prometheus: a few pages to GET, and nothing else. */
export class HttpServer implements AsyncDisposable {
  readonly #server: Server

  private constructor(server: Server) {
    this.#server = server
  }

  /** @param host empty: all addresses of this machine @throws EADDRINUSE */
  static async listen(
    address: { readonly host: string; readonly port: number },
    pages: Pages,
  ): Promise<HttpServer> {
    const server = createServer((request, response) => {
      void answer(pages, request, response)
    })
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject)
      server.listen(address.port, address.host === '' ? undefined : address.host, resolve)
    })
    return new HttpServer(server)
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
}

async function answer(pages: Pages, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { status, type, body } = await pageOf(pages, request)
  response.writeHead(status, { 'content-type': type, 'cache-control': 'no-store' })
  response.end(request.method === 'HEAD' ? undefined : body)
}

async function pageOf(pages: Pages, { method, url = '/' }: IncomingMessage): Promise<Page> {
  if (method !== 'GET' && method !== 'HEAD') return text(405, 'only GET is answered')
  const [path = ''] = url.split('?', 1)
  const page = Object.hasOwn(pages, path) ? pages[path] : undefined
  if (!page) return text(404, `there are ${Object.keys(pages).join(', ')}`)
  try {
    return await page()
  } catch (error) {
    return text(500, messageOf(error))
  }
}

export function text(status: number, body: string): Page {
  return { status, type: 'text/plain; charset=utf-8', body: `${body}\n` }
}
