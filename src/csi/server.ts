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
import { withinDeadline } from '../volumes/concurrency/deadlines.ts'
import { VolumeError, hasErrno } from '../volumes/model/errors.ts'
import { serverStream, unary, type CallContext, type CallObserver } from './adapter.ts'
import { untraced, type CallTracer } from './call-scope.ts'
import { socketPath } from './endpoint.ts'
import { ShutdownError } from './errors.ts'
import type { Handlers } from './protocol.ts'
import { RemotePort, type RemotePortLimits } from './remote-port.ts'

/** How long running calls may finish before they are cancelled. The kubelet kills a container after 30 s. */
export const GRACE_MS = 20_000

/** How long cancelled calls may take to end before they are given up. */
const CANCEL_MS = 2000

/** How long a server may take to stop. */
export interface StopLimits {
  readonly graceMs?: number
  readonly cancelMs?: number
}

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
    this.#context = { log, observe, tracer, stopping: this.#stopping.signal, running: new Set() }
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
   * Refuses new calls, waits for running ones, cancels those that take too long, and gives up those that do
   * not end then: their system calls may never return. libuv unlinks the socket first, when it stops
   * listening: later, another driver may have created one at its path.
   */
  async stop({ graceMs = GRACE_MS, cancelMs = CANCEL_MS }: StopLimits = {}): Promise<void> {
    const grace = setTimeout(() => {
      this.#stopping.abort(new ShutdownError())
    }, graceMs)
    this.#port?.refuse()
    const ended = new Promise<boolean>((resolve) => {
      this.#server.tryShutdown(() => {
        resolve(true)
      })
    })
    if (!(await withinDeadline(graceMs + cancelMs, ended, false))) this.#giveUp()
    clearTimeout(grace)
    this.#port?.close()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop()
  }

  #giveUp(): void {
    const { log, running } = this.#context
    log.error({ calls: [...running] }, 'gave up calls that do not end')
    this.#server.forceShutdown()
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
