import type { Logger } from 'pino'
import type { Validity } from '../csi/certificate-validity.ts'
import type { CsiClient } from '../csi/client.ts'
import { NodeTopology } from '../csi/topology.ts'
import { VolumeError } from '../volumes/model/errors.ts'
import { nodeHashOf } from '../volumes/model/ids.ts'
import { RemoteNode, type NodeTimeouts } from './remote-node.ts'

/** Where the controller services of a node are: `host:port`. */
export interface NodeAddress {
  readonly name: string
  readonly address: string
}

/**
 * Longer than a driver's restart, or its machine's: until then a node that has disappeared is missing, then
 * it is gone.
 */
const MISSING_MS = 600_000

interface Entry {
  readonly address: string | undefined
  readonly node: RemoteNode
  readonly since: number
}

export interface DirectoryDependencies {
  readonly driverName: string
  /** Tells the validity of the node's certificate at each connection. */
  readonly connect: (address: string, onCertificate: (validity: Validity) => void) => CsiClient
  readonly log: Logger
  /** How long nodes are waited for; other than the defaults in tests only. */
  readonly timeouts?: NodeTimeouts
}

/**
 * All nodes by name, with their connections. It is told where they are, and remembers for a while where they
 * were.
 */
export class NodeDirectory implements Disposable {
  readonly #on: DirectoryDependencies
  #entries: ReadonlyMap<string, Entry> | undefined

  constructor(dependencies: DirectoryDependencies) {
    this.#on = dependencies
  }

  /** False until it has been told for the first time where the nodes are. */
  get isKnown(): boolean {
    return this.#entries !== undefined
  }

  get log(): Logger {
    return this.#on.log
  }

  /** Takes over where the nodes are now. Connections to addresses that stay are kept. */
  update(addresses: readonly NodeAddress[]): void {
    const before = new Map(this.#entries && this.#recent())
    const now = new Map<string, Entry>()
    for (const { name, address } of addresses) {
      const known = before.get(name)
      now.set(name, known?.address === address ? known : this.#entry(name, address, known?.node))
    }
    for (const [name, entry] of before) {
      if (!now.has(name))
        now.set(name, entry.address === undefined ? entry : this.#entry(name, undefined, entry.node))
    }
    this.#entries = now
    this.#warnOfEqualHashes()
  }

  /**
   * Connects to all nodes anew: what the connections are made with has changed. Calls that run end as they
   * are.
   */
  reconnect(): void {
    for (const { address, node } of this.#entries?.values() ?? [])
      if (address !== undefined) this.#connect(node, address)
  }

  /**
   * All nodes, also those that are missing, in the order of their ids.
   * @throws VolumeError unavailable until it is known
   */
  all(): RemoteNode[] {
    const nodes = this.#recent().map(([, { node }]) => node)
    return nodes.sort((a, b) => (a.hash < b.hash ? -1 : 1))
  }

  /**
   * The node that gave out this id; undefined for what no node can have given out.
   * @throws VolumeError unavailable for a node that nobody knows: whether it is away or gone for good cannot
   * be told from here
   */
  of(id: string): RemoteNode | undefined {
    const hash = nodeHashOf(id)
    if (hash === undefined) return undefined
    const node = this.all().find((node) => node.hash === hash)
    if (node) return node
    throw new VolumeError(
      'unavailable',
      `"${id}" is of a node that is not in the cluster now (its ids begin with ${hash}); if it is gone for good, so is its data: see "A node is gone" in the documentation`,
    )
  }

  #recent(): [string, Entry][] {
    if (!this.#entries)
      throw new VolumeError('unavailable', 'it is not known yet where the nodes are; repeat the call')
    const oldest = performance.now() - MISSING_MS
    return [...this.#entries].filter(([, { address, since }]) => address !== undefined || since > oldest)
  }

  #entry(name: string, address: string | undefined, known: RemoteNode | undefined): Entry {
    const { driverName, log, timeouts } = this.#on
    log.info({ node: name, address }, address === undefined ? 'a node is missing' : 'found a node')
    const node = known ?? new RemoteNode(name, new NodeTopology(driverName, name), timeouts)
    if (address === undefined) node.use(undefined)
    else this.#connect(node, address)
    return { address, node, since: performance.now() }
  }

  #connect(node: RemoteNode, address: string): void {
    node.use(this.#on.connect(address, (validity) => (node.certificate = validity)))
  }

  /** One pair in a thousand clusters of a thousand nodes; then one of them needs another name. */
  #warnOfEqualHashes(): void {
    const nodes = this.all()
    for (const [index, { hash, name }] of nodes.entries()) {
      const next = nodes[index + 1]
      if (next?.hash === hash)
        this.#on.log.error(
          `the ids of the nodes "${name}" and "${next.name}" cannot be told apart; rename one`,
        )
    }
  }

  [Symbol.dispose](): void {
    for (const { node } of this.#entries?.values() ?? []) node[Symbol.dispose]()
  }
}
