import { lstat, mkdir, unlink } from 'node:fs/promises'
import { connect } from 'node:net'
import { dirname } from 'node:path'
import {
  Server,
  ServerCredentials,
  type ServerOptions,
  type ServiceDefinition,
  type UntypedServiceImplementation,
} from '@grpc/grpc-js'
import type { Logger } from 'pino'
import { VolumeError, hasErrno } from '../volumes/model/errors.ts'
import { serverStream, unary, type CallContext, type CallObserver } from './adapter.ts'
import { untraced, type CallTracer } from './call-scope.ts'
import { socketPath } from './endpoint.ts'
import { ShutdownError } from './errors.ts'
import type { Handlers } from './protocol.ts'
import { RemotePort, type RemotePortLimits } from './remote-port.ts'

/** How long running calls may finish before they are cancelled. The kubelet kills a container after 30 s. */
const GRACE_MS = 20_000

/** Observers of the calls of a server. */
export interface CallWatch {
  readonly observe?: CallObserver | undefined
  readonly tracer?: CallTracer | undefined
}

/** A gRPC server of CSI services, on a unix socket or over mutual TLS. */
export class CsiServer implements AsyncDisposable {
  readonly #server: Server
  readonly #stopping = new AbortController()
  readonly #context: CallContext
  #port: RemotePort | undefined

  constructor(
    log: Logger,
    { observe = () => undefined, tracer = untraced }: CallWatch = {},
    options: ServerOptions = {},
  ) {
    this.#server = new Server(options)
    this.#context = { log, observe, tracer, stopping: this.#stopping.signal }
  }

  /** Adds a service, with handlers of the types in its definition. */
  add<Definition extends ServiceDefinition>(definition: Definition, handlers: Handlers<Definition>): void {
    const implementation: UntypedServiceImplementation = {}
    for (const [name, handler] of Object.entries(handlers)) {
      const method = definition[name.charAt(0).toUpperCase() + name.slice(1)]
      if (!method) throw new Error(`${name} is not a method of the service`)
      implementation[name] = method.responseStream
        ? this.#proving(
            serverStream(method.path, handler as Parameters<typeof serverStream>[1], this.#context),
          )
        : this.#proving(unary(method.path, handler as Parameters<typeof unary>[1], this.#context))
    }
    this.#server.addService(definition, implementation)
  }

  /**
   * @param endpoint `unix:///path/csi.sock`, or the path alone
   * @throws VolumeError as `socketPath`; failed-precondition when another driver serves the socket
   */
  async listen(endpoint: string): Promise<void> {
    const path = socketPath(endpoint)
    await mkdir(dirname(path), { recursive: true, mode: 0o750 })
    await removeStaleSocket(path)
    await this.#bind(`unix:${path}`, ServerCredentials.createInsecure())
  }

  /** @throws EADDRINUSE when the port is taken */
  async listenRemotely(
    address: { readonly host: string; readonly port: number },
    credentials: ServerCredentials,
    limits?: RemotePortLimits,
  ): Promise<void> {
    const connections = this.#server.createConnectionInjector(credentials)
    this.#port = await RemotePort.listen(
      address,
      (connection) => {
        connections.injectConnection(connection)
      },
      limits,
    )
  }

  /**
   * Refuses new calls, waits for running ones, and cancels those that take too long. libuv unlinks the socket
   * first, when it stops listening: later, another driver may have created one at its path.
   */
  async stop(): Promise<void> {
    const grace = setTimeout(() => {
      this.#stopping.abort(new ShutdownError())
    }, GRACE_MS)
    this.#port?.refuse()
    await new Promise<void>((resolve) => {
      this.#server.tryShutdown(() => {
        resolve()
      })
    })
    clearTimeout(grace)
    this.#port?.close()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop()
  }

  /** When a handler is called, the interceptors have accepted the call. */
  #proving<Call extends { getPeer(): string }, Rest extends unknown[]>(
    handle: (call: Call, ...rest: Rest) => void,
  ): (call: Call, ...rest: Rest) => void {
    return (call, ...rest) => {
      this.#port?.prove(call.getPeer())
      handle(call, ...rest)
    }
  }

  #bind(address: string, credentials: ServerCredentials): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#server.bindAsync(address, credentials, (error) => {
        if (error) reject(error)
        else resolve()
      })
    })
  }
}

/** A killed driver leaves its socket; a running one accepts connections. */
async function removeStaleSocket(path: string): Promise<void> {
  const found = await lstat(path).catch(ignoreMissing)
  if (!found) return
  if (!found.isSocket())
    throw new VolumeError('failed-precondition', `endpoint ${path} exists and is not a socket`)
  if (await answers(path)) {
    throw new VolumeError(
      'failed-precondition',
      `another driver is serving ${path}; stop it, or use another --endpoint`,
    )
  }
  await unlink(path).catch(ignoreMissing)
}

function answers(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path)
    socket.once('connect', () => {
      socket.destroy()
      resolve(true)
    })
    socket.once('error', () => {
      resolve(false)
    })
  })
}

function ignoreMissing(error: unknown): undefined {
  if (hasErrno(error, 'ENOENT')) return undefined
  throw error
}
