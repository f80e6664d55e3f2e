import { status } from '@grpc/grpc-js'
import type { CallOptions, CsiClient } from '../../../src/csi/client.ts'
import type { CreateSnapshotRequestInit } from '../../../src/csi/generated/csi/v1/CreateSnapshotRequest.ts'
import type { CreateVolumeRequestInit } from '../../../src/csi/generated/csi/v1/CreateVolumeRequest.ts'
import { csi } from '../../../src/csi/protocol.ts'
import { NodeTopology } from '../../../src/csi/topology.ts'
import { placementOf } from '../../../src/controller/create-volume.ts'
import { NodeDirectory } from '../../../src/controller/directory.ts'
import type { NodeTimeouts } from '../../../src/controller/remote-node.ts'
import { snapshotIdFor, volumeIdFor } from '../../../src/volumes/model/ids.ts'
import { silent } from '../volumes/world.ts'

export const driverName = 'loop.csi.local'

/** What grpc-js rejects with when a service has refused a call. */
export function answer(code: keyof typeof status, details = ''): Error {
  return Object.assign(new Error(`${status[code]} ${code}: ${details}`), { code: status[code], details })
}

/** Volumes on a page of a list. */
const PAGE = 2

/** A node with volumes in memory: so much of its controller services as is asked to find a place. */
export class FakeNode {
  readonly name: string
  readonly topology: NodeTopology
  readonly volumes = new Set<string>()
  readonly snapshots = new Set<string>()
  /** The cluster of volumes that were made for another one; '': not known. */
  readonly clusters = new Map<string, string>()
  /** Bytes that a volume can have at most. */
  room = 100
  isAway = false
  /** Connected, and takes calls, but answers none. */
  isMute = false
  /** Cannot make volumes now, for a reason that GetCapacity does not know. */
  failsToCreate = false
  /** Makes volumes, but its answers to that are lost. */
  losesCreations = false
  /** What is wrong with volumes; also with those of a pool that is away, which are not listed. */
  readonly health = new Map<string, { reason: string; message: string }[]>()
  readonly inUse = new Set<string>()
  /** Pages of its list that it repeats, each with a text of a megabyte, before it goes on. */
  repeats = 0
  /** Nodes whose health it never returns. */
  readonly muteVolumes = new Set<string>()
  /** The most calls that it had to answer at the same time. */
  mostAtOnce = 0
  #running = 0
  /** The calls that came, by method. */
  readonly calls: string[] = []

  constructor(name: string) {
    this.name = name
    this.topology = new NodeTopology(driverName, name)
  }

  /** The client of the node, whose calls fail as its state is. */
  readonly client = withFaults(this, {
    isConnected: () => !this.isAway,
    close: () => undefined,
    controller: {
      getCapacity: () => {
        this.#called('getCapacity')
        const value = this.room.toString()
        return Promise.resolve({
          availableCapacity: value,
          maximumVolumeSize: { value },
          minimumVolumeSize: null,
        })
      },
      controllerGetVolume: ({ volumeId = '' }) => {
        this.#called('controllerGetVolume')
        if (!this.volumes.has(volumeId)) throw answer('NOT_FOUND', `no ${volumeId}`)
        const clusterUid = this.clusters.get(volumeId) ?? 'this-cluster'
        return Promise.resolve({
          volume: { volumeId, volumeContext: clusterUid === '' ? {} : { clusterUid } },
        })
      },
      createVolume: (request: CreateVolumeRequestInit) => {
        this.#called('createVolume')
        const { name, accessibilityRequirements } = createRequest(request)
        if (!placementOf([this], accessibilityRequirements).allowed.includes(this))
          throw answer('RESOURCE_EXHAUSTED', `this node is ${this.name}`)
        if (this.failsToCreate) throw answer('UNAVAILABLE', 'read-only file system')
        if (this.room === 0) throw answer('RESOURCE_EXHAUSTED', `${this.name} is full`)
        const volumeId = volumeIdFor(this.name, name)
        this.volumes.add(volumeId)
        return Promise.resolve({ volume: { volumeId } })
      },
      deleteVolume: ({ volumeId = '' }) => {
        this.#called('deleteVolume')
        if (this.inUse.has(volumeId)) throw answer('FAILED_PRECONDITION', `${volumeId} is in use`)
        this.volumes.delete(volumeId)
        return Promise.resolve({})
      },
      createSnapshot: ({ name = '', sourceVolumeId }: CreateSnapshotRequestInit) => {
        this.#called('createSnapshot')
        const snapshotId = snapshotIdFor(this.name, name)
        this.snapshots.add(snapshotId)
        return Promise.resolve({ snapshot: { snapshotId, sourceVolumeId } })
      },
      getSnapshot: ({ snapshotId = '' }) => {
        this.#called('getSnapshot')
        if (!this.snapshots.has(snapshotId)) throw answer('NOT_FOUND', `no ${snapshotId}`)
        return Promise.resolve({ snapshot: { snapshotId } })
      },
      controllerListVolumeHealth: ({ startingToken = '' }) => {
        this.#called('controllerListVolumeHealth')
        if (this.repeats > 0) {
          this.repeats--
          const healthStatuses = [{ reason: 'Repeated', message: 'x'.repeat(1 << 20) }]
          return Promise.resolve({ entries: [{ volumeId: '', healthStatuses }], nextToken: '0' })
        }
        const ids = [...this.volumes].filter((id) => id > startingToken).sort()
        const page = ids.slice(0, PAGE)
        const entries = page.map((volumeId) => ({
          volumeId,
          healthStatuses: this.health.get(volumeId) ?? [],
        }))
        return Promise.resolve({ entries, nextToken: ids.length > PAGE ? page.at(-1) : '' })
      },
      controllerGetVolumeHealth: async ({ volumeId = '' }, options: CallOptions) => {
        this.#called('controllerGetVolumeHealth')
        if (this.muteVolumes.has(volumeId)) return await this.#unanswered(options)
        const healthStatuses = this.health.get(volumeId)
        if (!healthStatuses) throw answer('NOT_FOUND', `no ${volumeId}`)
        return { volumeHealth: { volumeId, healthStatuses } }
      },
    },
  })

  async #unanswered(options: CallOptions): Promise<never> {
    this.mostAtOnce = Math.max(this.mostAtOnce, ++this.#running)
    try {
      return await cancelled(options)
    } finally {
      this.#running--
    }
  }

  #called(method: string): void {
    if (this.isAway) throw answer('UNAVAILABLE', 'No connection established')
    this.calls.push(method)
  }
}

interface CsiClientLike {
  readonly controller: object
  readonly [member: string]: unknown
}

type Method = (request: unknown, options: CallOptions) => Promise<unknown>

function withFaults(node: FakeNode, client: CsiClientLike): CsiClient {
  const methods = Object.entries(client.controller as unknown as Readonly<Record<string, Method>>)
  const controller = Object.fromEntries(
    methods.map(([name, method]): [string, Method] => [
      name,
      async (request, options) => {
        if (node.isMute) return cancelled(options)
        const response = await method(request, options)
        if (node.losesCreations && name === 'createVolume') throw answer('UNAVAILABLE', 'Connection dropped')
        return response
      },
    ]),
  )
  return { ...client, controller } as unknown as CsiClient
}

/** A call that ends only when its caller gives up. */
function cancelled({ signal }: CallOptions): Promise<never> {
  return new Promise((_, reject) => {
    signal?.addEventListener('abort', () => {
      reject(answer('CANCELLED'))
    })
  })
}

export function clusterOf(...names: string[]): { nodes: NodeDirectory; fakes: FakeNode[] } {
  return clusterWith({ connectMs: 5000, answerMs: 50 }, ...names)
}

export function clusterWith(timeouts: NodeTimeouts, ...names: string[]) {
  const fakes = names.map((name) => new FakeNode(name))
  const connect = (address: string): CsiClient => {
    const fake = fakes.find(({ name }) => name === address)
    if (!fake) throw new Error(`nobody is at ${address}`)
    return fake.client
  }
  const nodes = new NodeDirectory({ driverName, connect, log: silent, timeouts })
  nodes.update(names.map((name) => ({ name, address: name })))
  return { nodes, fakes }
}

/** The request as a server gets it, with every field. */
export function createRequest(request: CreateVolumeRequestInit) {
  const { requestSerialize, requestDeserialize } = csi().Controller.CreateVolume
  return requestDeserialize(requestSerialize({ name: 'a', ...request }))
}

export const term = (name: string) => ({ segments: { [`topology.${driverName}/node`]: name } })
