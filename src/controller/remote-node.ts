import type { CallOptions, CsiClient } from '../csi/client.ts'
import { isAnswer } from '../csi/errors.ts'
import type { Validity } from '../csi/certificate-validity.ts'
import type { NodeTopology } from '../csi/topology.ts'
import { VolumeError } from '../volumes/model/errors.ts'
import { nodeHash } from '../volumes/model/ids.ts'

/** How long the router waits for a node, in milliseconds. */
export interface NodeTimeouts {
  /**
   * A node that cannot be connected to in this time is away: a machine without power does not refuse, it is
   * silent.
   */
  readonly connectMs: number
  /** A question that is answered from the records must be answered in this time. */
  readonly answerMs: number
}

const defaultTimeouts: NodeTimeouts = { connectMs: 5000, answerMs: 5000 }

/** How the call that is handed on came in: what ends it ends the one to the node too. */
export interface Caller {
  readonly signal: AbortSignal
  readonly deadline: CallOptions['deadline']
}

type NodeCall<T> = (client: CsiClient, options: CallOptions) => Promise<T>

/**
 * A node, and the connection to its controller services. It stays the same object while its address or the
 * certificates change, so that a caller that has looked a node up can call it however much later.
 */
export class RemoteNode implements Disposable {
  readonly name: string
  /** What the ids of all its volumes and snapshots begin with. */
  readonly hash: string
  readonly topology: NodeTopology
  /** Of the last connection; undefined before the first. */
  certificate: Validity | undefined
  #connection: Connection | undefined
  readonly #timeouts: NodeTimeouts

  constructor(name: string, topology: NodeTopology, timeouts: NodeTimeouts = defaultTimeouts) {
    this.name = name
    this.hash = nodeHash(name)
    this.topology = topology
    this.#timeouts = timeouts
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
  call<T>(caller: Caller, work: NodeCall<T>): Promise<T> {
    return this.#call(caller, work)
  }

  /**
   * As `call`, for a question that several nodes are asked, or that is asked again and again: a node that is
   * connected but does not answer (its process is stopped, its disk hangs) must not hold up what other nodes
   * can answer.
   * @param withinMs how long the answer may take
   * @throws VolumeError unavailable with the node's name also when it has not answered in this time
   */
  ask<T>(caller: Caller, work: NodeCall<T>, withinMs = this.#timeouts.answerMs): Promise<T> {
    return this.#call(caller, work, withinMs)
  }

  async #call<T>(caller: Caller, work: NodeCall<T>, withinMs?: number): Promise<T> {
    using lease = this.#connected().lease()
    const { client } = lease
    using patience = new Patience(client, this.#timeouts.connectMs, withinMs)
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
    using patience = new Patience(client, this.#timeouts.connectMs)
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
    if (patience.isOver) {
      const what = patience.wasConnected ? 'it is connected but does not answer' : 'it has not answered'
      return this.#away(`${what} within ${patience.limitMs / 1000} s`, error)
    }
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

/**
 * A client, and the calls that run over it. Closing a client fails calls that still wait for its connection.
 */
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

/**
 * Ends a call whose connection does not come about, or which is not answered in the time that it has, if any.
 */
class Patience implements Disposable {
  readonly #over = new AbortController()
  readonly #timers: NodeJS.Timeout[]
  /** How long the call that was ended had, in milliseconds. */
  limitMs = 0
  wasConnected = false

  constructor(client: CsiClient, connectMs: number, answerMs?: number) {
    const end = (limitMs: number): void => {
      this.limitMs = limitMs
      this.wasConnected = client.isConnected()
      this.#over.abort()
    }
    const connecting = setTimeout(() => {
      if (!client.isConnected()) end(connectMs)
    }, connectMs)
    this.#timers = [connecting]
    if (answerMs !== undefined) this.#timers.push(setTimeout(end, answerMs, answerMs))
  }

  get isOver(): boolean {
    return this.#over.signal.aborted
  }

  limit({ signal, deadline }: Caller): CallOptions {
    return { signal: AbortSignal.any([signal, this.#over.signal]), deadline }
  }

  [Symbol.dispose](): void {
    this.#timers.forEach(clearTimeout)
  }
}

function fail(error: Error): never {
  throw error
}
