import { createServer, type Server, type Socket } from 'node:net'
import { Newest } from '../volumes/concurrency/newest.ts'

export interface RemotePortLimits {
  /** Limit on connections without an accepted call. A further one closes the oldest. */
  readonly maxUnproven: number
  /** From the connection to its first accepted call, in milliseconds. */
  readonly proofMs: number
}

const defaults: RemotePortLimits = { maxUnproven: 64, proofMs: 10_000 }

/**
 * A TCP port that anyone can connect to, but only callers with a certificate can use. grpc-js does not limit
 * connections before their first call: a TLS handshake may never end, or a client may make no calls. So the
 * first call of a connection must be accepted within a time limit; after it, grpc-js's limits apply.
 */
export class RemotePort {
  readonly #server: Server
  readonly #connections = new Set<Socket>()
  readonly #unproven = new Map<string, Socket>()
  readonly #waiting: Newest<Socket>

  private constructor(accept: (connection: Socket) => void, { maxUnproven, proofMs }: RemotePortLimits) {
    this.#waiting = new Newest(maxUnproven, (socket) => socket.destroy())
    this.#server = createServer({ noDelay: true }, (socket) => {
      const peer = peerOf(socket)
      const timer = setTimeout(() => {
        if (this.#unproven.get(peer) === socket) socket.destroy()
      }, proofMs).unref()
      this.#connections.add(socket)
      this.#unproven.set(peer, socket)
      this.#waiting.add(socket)
      socket.once('close', () => {
        clearTimeout(timer)
        this.#connections.delete(socket)
        if (this.#unproven.get(peer) === socket) this.#unproven.delete(peer)
        this.#waiting.delete(socket)
      })
      accept(socket)
    })
  }

  /** @param accept gets each connection in the same turn of the event loop @throws EADDRINUSE */
  static async listen(
    address: { readonly host: string; readonly port: number },
    accept: (connection: Socket) => void,
    limits: RemotePortLimits = defaults,
  ): Promise<RemotePort> {
    const port = new RemotePort(accept, limits)
    await new Promise<void>((resolve, reject) => {
      port.#server.once('error', reject)
      port.#server.listen(address.port, address.host, resolve)
    })
    return port
  }

  /** Call this for each accepted call. @param peer grpc-js's `getPeer()` */
  prove(peer: string): void {
    const socket = this.#unproven.get(peer)
    if (!socket) return
    this.#unproven.delete(peer)
    this.#waiting.delete(socket)
  }

  /** Refuses new connections, and closes those without an accepted call. */
  refuse(): void {
    this.#server.close()
    for (const socket of this.#unproven.values()) socket.destroy()
  }

  /** Closes all connections. Call this after the calls have ended. */
  close(): void {
    for (const socket of this.#connections) socket.destroy()
  }
}

function peerOf({ remoteAddress, remotePort }: Socket): string {
  return `${remoteAddress}:${remotePort}`
}
