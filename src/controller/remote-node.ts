import type { CallOptions, CsiClient } from '../csi/client.ts'
import { isAnswer } from '../csi/errors.ts'
import type { Validity } from '../csi/certificate-validity.ts'
import type { NodeTopology } from '../csi/topology.ts'
import { VolumeError } from '../volumes/errors.ts'
import { nodeHash } from '../volumes/ids.ts'

/** A node that cannot be connected to in this time is away: a machine without power does not refuse, it is silent. */
const CONNECT_PATIENCE_MS = 5000

/** How the call that is handed on came in: what ends it ends the one to the node too. */
export interface Caller {
  readonly signal: AbortSignal
  readonly deadline: CallOptions['deadline']
}

/**
 * A node, and the connection to its controller services. It stays the same object while its address or the certificates
 * change, so that a caller that has looked a node up can call it however much later.
 */
export class RemoteNode implements Disposable {
  readonly name: string
  /** What the ids of all its volumes and snapshots begin with. */
  readonly hash: string
  readonly topology: NodeTopology
  /** Of the last connection; undefined before the first. */
  certificate: Validity | undefined
  #connection: Connection | undefined

  constructor(name: string, topology: NodeTopology) {
    this.name = name
    this.hash = nodeHash(name)
    this.topology = topology
  }

  get hasAddress(): boolean {
    return this.#connection !== undefined
  }

  /**
   * Sends all later calls to this client. Calls that run end over the client before, which is then closed.
   *
   * @param client undefined while it is not known where the node's driver is
   */
  use(client: CsiClient | undefined): void {
    this.#connection?.retire()
    this.#connection = client && new Connection(client)
  }

  /**
   * Calls the node. Its errors come back as they are.
   * @throws VolumeError unavailable with the node's name when it is away
   */
  async call<T>(caller: Caller, work: (client: CsiClient, options: CallOptions) => Promise<T>): Promise<T> {
    using lease = this.#connected().lease()
    const { client } = lease
    using patience = new Patience(client)
    try {
      return await work(client, patience.limit(caller))
    } catch (error) {
      throw this.#explained(error, caller, client, patience)
    }
  }

  /** As `call`, for a method that answers with a stream. */
  async *stream<T>(
    caller: Caller,
    work: (client: CsiClient, options: CallOptions) => AsyncIterable<T>,
  ): AsyncGenerator<T> {
    using lease = this.#connected().lease()
    const { client } = lease
    using patience = new Patience(client)
    try {
      yield* work(client, patience.limit(caller))
    } catch (error) {
      throw this.#explained(error, caller, client, patience)
    }
  }

  #connected(): Connection {
    return this.#connection ?? fail(this.#away('its driver is not running'))
  }

  #explained(error: unknown, { signal }: Caller, client: CsiClient, patience: Patience): unknown {
    if (signal.aborted) return signal.reason
    if (patience.isOver) return this.#away(`it has not answered within ${CONNECT_PATIENCE_MS / 1000} s`)
    if (!isAnswer(error, 'UNAVAILABLE')) return error
    // A node that answers has its reasons: it is stopping, or a pool of it is not there.
    if (!client.isConnected()) return this.#away(error.details, error)
    return new VolumeError('unavailable', `node "${this.name}": ${error.details}`, { cause: error })
  }

  #away(why: string, cause?: unknown): VolumeError {
    return new VolumeError('unavailable', `node "${this.name}" is away: ${why}`, { cause })
  }

  [Symbol.dispose](): void {
    this.#connection?.close()
    this.#connection = undefined
  }
}

/** A client, and the calls that run over it. Closing a client fails calls that still wait for its connection. */
class Connection {
  readonly #client: CsiClient
  #calls = 0
  #isRetired = false

  constructor(client: CsiClient) {
    this.#client = client
  }

  /** For one call. */
  lease(): Disposable & { readonly client: CsiClient } {
    this.#calls++
    return {
      client: this.#client,
      [Symbol.dispose]: () => {
        this.#calls--
        if (this.#isRetired && this.#calls === 0) this.close()
      },
    }
  }

  /** Closes the client when its last call has ended. */
  retire(): void {
    this.#isRetired = true
    if (this.#calls === 0) this.close()
  }

  close(): void {
    this.#client.close()
  }
}

/** True for the error of a node that is away, or cannot say now what it has. */
export function isAway(error: unknown): boolean {
  return error instanceof VolumeError && error.kind === 'unavailable'
}

/** Ends a call whose connection does not come about. Once there is one, the call may take as long as its caller waits. */
class Patience implements Disposable {
  readonly #over = new AbortController()
  readonly #timer: NodeJS.Timeout

  constructor(client: CsiClient) {
    this.#timer = setTimeout(() => {
      if (!client.isConnected()) this.#over.abort()
    }, CONNECT_PATIENCE_MS)
  }

  get isOver(): boolean {
    return this.#over.signal.aborted
  }

  limit({ signal, deadline }: Caller): CallOptions {
    return { signal: AbortSignal.any([signal, this.#over.signal]), deadline }
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer)
  }
}

function fail(error: Error): never {
  throw error
}
