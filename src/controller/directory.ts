import type { Logger } from 'pino'
import type { Validity } from '../csi/certificates.ts'
import type { CsiClient } from '../csi/client.ts'
import { NodeTopology } from '../csi/topology.ts'
import { VolumeError } from '../volumes/model/errors.ts'
import { nodeHashOf } from '../volumes/model/ids.ts'
import { RemoteNode, type NodeTimeouts } from './remote-node.ts'

/** The address of a node's controller services: `host:port`. */
export interface NodeAddress {
  readonly name: string
  readonly address: string
}

/** How long a node without an address is kept: longer than its machine takes to restart. */
const MISSING_MS = 600_000

interface Entry {
  readonly address: string | undefined
  readonly node: RemoteNode
  readonly since: number
}

export interface DirectoryDependencies {
  readonly driverName: string
  /** @param onCertificate gets the validity of the node's certificate at each connection */
  readonly connect: (address: string, onCertificate: (validity: Validity) => void) => CsiClient
  readonly log: Logger
  /** Other than the defaults in tests only. */
  readonly timeouts?: NodeTimeouts
}

/** All nodes by name, with their connections. Nodes without an address are kept for ten minutes. */
export class NodeDirectory implements Disposable {
  readonly #deps: DirectoryDependencies
  /** By name. */
  #entries: ReadonlyMap<string, Entry> | undefined
  /** In the order of their hashes, and of all of them, so that no call has to sort or search them. */
  #inOrder: readonly Entry[] = []
  #byHash: ReadonlyMap<string, Entry> = new Map()

  constructor(dependencies: DirectoryDependencies) {
    this.#deps = dependencies
  }

  /** False until the first `update`. */
  get isKnown(): boolean {
    return this.#entries !== undefined
  }

  get log(): Logger {
    return this.#deps.log
  }

  /** Sets the addresses of the nodes. Keeps the connections to unchanged addresses. */
  update(addresses: readonly NodeAddress[]): void {
    const before = new Map([...(this.#entries ?? [])].filter(([, entry]) => isRecent(entry)))
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
    this.#inOrder = [...now.values()].sort((a, b) => (a.node.hash < b.node.hash ? -1 : 1))
    this.#byHash = new Map(this.#inOrder.map((entry) => [entry.node.hash, entry]))
    this.#reportEqualHashes()
  }

  /** Reconnects to all nodes with new certificates. Running calls finish on the old connections. */
  reconnect(): void {
    for (const { address, node } of this.#entries?.values() ?? [])
      if (address !== undefined) this.#connect(node, address)
  }

  /**
   * All nodes, including those without an address, in the order of their ids.
   * @throws VolumeError unavailable before the first `update`
   */
  all(): RemoteNode[] {
    this.#requireKnown()
    return this.#inOrder.filter(isRecent).map(({ node }) => node)
  }

  /**
   * The node of this id; undefined for an id that is not of this driver.
   * @throws VolumeError unavailable for an unknown node, which may come back
   */
  of(id: string): RemoteNode | undefined {
    const hash = nodeHashOf(id)
    if (hash === undefined) return undefined
    this.#requireKnown()
    const entry = this.#byHash.get(hash)
    if (entry && isRecent(entry)) return entry.node
    throw new VolumeError(
      'unavailable',
      `"${id}" is on a node that is not in the cluster now (its ids begin with ${hash}); if the node is lost, so is its data: see docs/how-to/lost-node.md`,
    )
  }

  #requireKnown(): void {
    if (!this.#entries)
      throw new VolumeError('unavailable', 'the addresses of the nodes are not known yet; repeat the call')
  }

  #entry(name: string, address: string | undefined, known: RemoteNode | undefined): Entry {
    const { driverName, log, timeouts } = this.#deps
    log.info({ node: name, address }, address === undefined ? 'a node has lost its address' : 'found a node')
    const node = known ?? new RemoteNode(name, new NodeTopology(driverName, name), timeouts)
    if (address === undefined) node.use(undefined)
    else this.#connect(node, address)
    return { address, node, since: performance.now() }
  }

  #connect(node: RemoteNode, address: string): void {
    node.use(this.#deps.connect(address, (validity) => (node.certificate = validity)))
  }

  /** Of a thousand clusters with a thousand nodes each, about one has equal hashes. */
  #reportEqualHashes(): void {
    const nodes = this.all()
    for (const [index, { hash, name }] of nodes.entries()) {
      const next = nodes[index + 1]
      if (next?.hash === hash)
        this.#deps.log.error(
          `the ids of the nodes "${name}" and "${next.name}" have the same hash; rename one of the nodes`,
        )
    }
  }

  [Symbol.dispose](): void {
    for (const { node } of this.#entries?.values() ?? []) node[Symbol.dispose]()
  }
}

/** Whether the node has an address, or has lost it not long ago. */
function isRecent({ address, since }: Entry): boolean {
  return address !== undefined || since > performance.now() - MISSING_MS
}
