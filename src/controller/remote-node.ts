import type { Validity } from '../csi/certificates.ts'
import type { CallOptions, CsiClient } from '../csi/client.ts'
import { isAnswer } from '../csi/errors.ts'
import type { NodeTopology } from '../csi/topology.ts'
import { VolumeError } from '../volumes/model/errors.ts'
import { nodeHash } from '../volumes/model/ids.ts'

/** Time limits of calls to a node, in milliseconds. */
export interface NodeTimeouts {
  /** For connecting: a machine without power does not refuse a connection, but never answers. */
  readonly connectMs: number
  /** For the response to a call that reads only records. */
  readonly answerMs: number
}

/**
 * What part of the time for an answer a node gets that has not answered last: otherwise every call that needs
 * all nodes would wait for the same ones again.
 */
const SILENT_PART = 0.1

const defaultTimeouts: NodeTimeouts = { connectMs: 5000, answerMs: 5000 }

/** The call that is forwarded. Its cancellation and deadline apply to the call to the node. */
export interface Caller {
  readonly signal: AbortSignal
  readonly deadline: CallOptions['deadline']
}

type NodeCall<T> = (client: CsiClient, options: CallOptions) => Promise<T>

/**
 * A node, and the connection to its controller services. The object stays valid when the node's address or
 * the certificates change.
 */
export class RemoteNode implements Disposable {
  readonly name: string
  /** The ids of all its volumes and snapshots begin with this hash. */
  readonly hash: string
  readonly topology: NodeTopology
  /** The node's certificate at the last connection; undefined before the first. */
  certificate: Validity | undefined
  /** For questions to all nodes. */
  readonly turns = new Turns(isUnreachable)
  #connection: Connection | undefined
  #isSilent = false
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

  /** Whether the node has no address, or was unreachable for the last call that has ended. */
  get isSilent(): boolean {
    return this.#isSilent || !this.hasAddress
  }

  /**
   * Uses this client for all later calls. Running calls finish on the previous client, which is then closed.
   * @param client undefined while the node has no address
   */
  use(client: CsiClient | undefined): void {
    this.#connection?.retire()
    this.#connection = client && new Connection(client)
    this.#isSilent = false
  }

  /**
   * Calls the node. Its errors are passed on unchanged.
   * @throws VolumeError unavailable with the node's name when it is unreachable
   */
  call<T>(caller: Caller, work: NodeCall<T>): Promise<T> {
    return this.#call(caller, work)
  }

  /**
   * As `call`, for a read from several nodes, or one that is repeated often: a node that is connected but
   * does not answer (its process is stopped, its disk hangs) must not delay the others.
   * @param withinMs a silent node gets a tenth of it
   * @throws VolumeError unavailable also when the node has not answered within this time
   */
  ask<T>(caller: Caller, work: NodeCall<T>, withinMs = this.#timeouts.answerMs): Promise<T> {
    return this.#call(caller, work, this.#isSilent ? SILENT_PART * withinMs : withinMs)
  }

  async #call<T>(caller: Caller, work: NodeCall<T>, withinMs?: number): Promise<T> {
    using lease = this.#connected().lease()
    const { client } = lease
    using limits = new CallLimits(client, this.#timeouts.connectMs, withinMs)
    try {
      const answer = await work(client, limits.optionsFor(caller))
      this.#isSilent = false
      return answer
    } catch (error) {
      const explained = this.#explained(error, caller, client, limits)
      if (explained instanceof UnreachableError) this.#isSilent = true
      // These two say nothing about the node: they come from the caller's own limits.
      else if (!isAnswer(error, 'CANCELLED', 'DEADLINE_EXCEEDED')) this.#isSilent = false
      throw explained
    }
  }

  /** As `call`, for a method that answers with a stream. */
  async *stream<T>(
    caller: Caller,
    work: (client: CsiClient, options: CallOptions) => AsyncIterable<T>,
  ): AsyncGenerator<T> {
    using lease = this.#connected().lease()
    const { client } = lease
    using limits = new CallLimits(client, this.#timeouts.connectMs)
    try {
      yield* work(client, limits.optionsFor(caller))
    } catch (error) {
      throw this.#explained(error, caller, client, limits)
    }
  }

  #connected(): Connection {
    return this.#connection ?? fail(this.#unreachable('its driver is not running'))
  }

  #explained(error: unknown, { signal }: Caller, client: CsiClient, limits: CallLimits): unknown {
    if (signal.aborted) return signal.reason
    if (limits.isExceeded) {
      const what = limits.wasConnected ? 'it is connected but does not answer' : 'it has not answered'
      return this.#unreachable(`${what} within ${limits.exceededMs / 1000} s`, error)
    }
    if (!isAnswer(error, 'UNAVAILABLE')) return error
    // A node that answers UNAVAILABLE is stopping, or one of its pools is unreachable.
    if (!client.isConnected()) return this.#unreachable(error.details, error)
    return new VolumeError('unavailable', `node "${this.name}": ${error.details}`, { cause: error })
  }

  #unreachable(why: string, cause?: unknown): UnreachableError {
    return new UnreachableError(this.name, why, cause)
  }

  [Symbol.dispose](): void {
    this.#connection?.close()
    this.#connection = undefined
  }
}

/** The node itself is unreachable, and not only what it was asked for. */
class UnreachableError extends VolumeError {
  constructor(nodeName: string, why: string, cause: unknown) {
    super('unavailable', `node "${nodeName}" is unreachable: ${why}`, { cause })
  }
}

/** A client and the number of its running calls: closing it fails those that wait for its connection. */
class Connection {
  readonly #client: CsiClient
  #calls = 0
  #isRetired = false

  constructor(client: CsiClient) {
    this.#client = client
  }

  /** Holds the client for one call. */
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

/** Whether an error means that a node, or one of its pools, is unreachable. */
export function isUnreachable(error: unknown): boolean {
  return error instanceof VolumeError && error.kind === 'unavailable'
}

/** Ends a call that gets no connection, or no answer, within its time limits. */
class CallLimits implements Disposable {
  readonly #exceeded = new AbortController()
  readonly #timers: NodeJS.Timeout[]
  /** The limit that was exceeded, in milliseconds. */
  exceededMs = 0
  wasConnected = false

  constructor(client: CsiClient, connectMs: number, answerMs?: number) {
    const end = (limitMs: number): void => {
      this.exceededMs = limitMs
      this.wasConnected = client.isConnected()
      this.#exceeded.abort()
    }
    const connecting = setTimeout(() => {
      if (!client.isConnected()) end(connectMs)
    }, connectMs)
    this.#timers = [connecting]
    if (answerMs !== undefined) this.#timers.push(setTimeout(end, answerMs, answerMs))
  }

  get isExceeded(): boolean {
    return this.#exceeded.signal.aborted
  }

  optionsFor({ signal, deadline }: Caller): CallOptions {
    return { signal: AbortSignal.any([signal, this.#exceeded.signal]), deadline }
  }

  [Symbol.dispose](): void {
    this.#timers.forEach(clearTimeout)
  }
}

function fail(error: Error): never {
  throw error
}

type Start = (failure?: Error) => void

/**
 * Limits how much work runs at once; the rest waits for its turn, in its order. A failure that is final ends
 * what waits as well.
 */
export class Turns {
  readonly #isFinal: (error: unknown) => boolean
  #running = 0
  #waiting: Start[] = []

  /** @param isFinal whether an error ends what waits */
  constructor(isFinal: (error: unknown) => boolean) {
    this.#isFinal = isFinal
  }

  /**
   * @param limit of what runs at once
   * @throws the error of the work, and the final error of work before it
   */
  async run<T>(limit: number, work: () => Promise<T>): Promise<T> {
    // Work that waits gets its place from the one that ends.
    if (this.#running < limit) this.#running++
    else await this.#turn()
    try {
      return await work()
    } catch (error) {
      if (this.#isFinal(error)) this.#endWaiting(error as Error)
      throw error
    } finally {
      const next = this.#waiting.shift()
      if (next) next()
      else this.#running--
    }
  }

  #turn(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#waiting.push((failure) => {
        if (failure) reject(failure)
        else resolve()
      })
    })
  }

  #endWaiting(failure: Error): void {
    const waiting = this.#waiting
    this.#waiting = []
    for (const start of waiting) start(failure)
  }
}
