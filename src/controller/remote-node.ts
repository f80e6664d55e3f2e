import type { CallOptions, CsiClient } from '../csi/client.ts'
import { isAnswer } from '../csi/errors.ts'
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

/** A node, and the connection to its controller services. */
export class RemoteNode implements Disposable {
  readonly name: string
  /** What the ids of all its volumes and snapshots begin with. */
  readonly hash: string
  readonly topology: NodeTopology
  readonly #client: CsiClient | undefined

  /** @param client undefined while nobody knows where the node's driver is */
  constructor(name: string, topology: NodeTopology, client: CsiClient | undefined) {
    this.name = name
    this.hash = nodeHash(name)
    this.topology = topology
    this.#client = client
  }

  get hasAddress(): boolean {
    return this.#client !== undefined
  }

  /**
   * Calls the node. Its errors come back as they are.
   * @throws VolumeError unavailable with the node's name when it is away
   */
  async call<T>(caller: Caller, work: (client: CsiClient, options: CallOptions) => Promise<T>): Promise<T> {
    const client = this.#connected()
    using patience = new Patience(client)
    try {
      return await work(client, patience.limit(caller))
    } catch (error) {
      throw this.#explained(error, caller, patience)
    }
  }

  /** As `call`, for a method that answers with a stream. */
  async *stream<T>(
    caller: Caller,
    work: (client: CsiClient, options: CallOptions) => AsyncIterable<T>,
  ): AsyncGenerator<T> {
    const client = this.#connected()
    using patience = new Patience(client)
    try {
      yield* work(client, patience.limit(caller))
    } catch (error) {
      throw this.#explained(error, caller, patience)
    }
  }

  #connected(): CsiClient {
    return this.#client ?? fail(this.#away('its driver is not running'))
  }

  #explained(error: unknown, { signal }: Caller, patience: Patience): unknown {
    if (signal.aborted) return signal.reason
    if (patience.isOver) return this.#away(`it has not answered within ${CONNECT_PATIENCE_MS / 1000} s`)
    if (!isAnswer(error, 'UNAVAILABLE')) return error
    // A node that answers has its reasons: it is stopping, or a pool of it is not there.
    if (this.#client?.isConnected() !== true) return this.#away(error.details, error)
    return new VolumeError('unavailable', `node "${this.name}": ${error.details}`, { cause: error })
  }

  #away(why: string, cause?: unknown): VolumeError {
    return new VolumeError('unavailable', `node "${this.name}" is away: ${why}`, { cause })
  }

  [Symbol.dispose](): void {
    this.#client?.close()
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
