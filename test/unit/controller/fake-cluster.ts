import { status } from '@grpc/grpc-js'
import type { CsiClient } from '../../../src/csi/client.ts'
import type { CreateVolumeRequestInit } from '../../../src/csi/generated/csi/v1/CreateVolumeRequest.ts'
import { csi } from '../../../src/csi/protocol.ts'
import { NodeDirectory } from '../../../src/controller/directory.ts'
import { volumeIdFor } from '../../../src/volumes/ids.ts'
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
  readonly volumes = new Set<string>()
  /** Bytes that a volume can have at most. */
  room = 100
  isAway = false
  /** What is wrong with volumes; also with those of a pool that is away, which are not listed. */
  readonly health = new Map<string, { reason: string; message: string }[]>()
  readonly inUse = new Set<string>()
  /** The calls that came, by method. */
  readonly calls: string[] = []

  constructor(name: string) {
    this.name = name
  }

  readonly client = {
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
        return Promise.resolve({})
      },
      createVolume: ({ name = '' }: CreateVolumeRequestInit) => {
        this.#called('createVolume')
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
      controllerListVolumeHealth: ({ startingToken = '' }) => {
        this.#called('controllerListVolumeHealth')
        const ids = [...this.volumes].filter((id) => id > startingToken).sort()
        const page = ids.slice(0, PAGE)
        const entries = page.map((volumeId) => ({
          volumeId,
          healthStatuses: this.health.get(volumeId) ?? [],
        }))
        return Promise.resolve({ entries, nextToken: ids.length > PAGE ? page.at(-1) : '' })
      },
      controllerGetVolumeHealth: ({ volumeId = '' }) => {
        this.#called('controllerGetVolumeHealth')
        const healthStatuses = this.health.get(volumeId)
        if (!healthStatuses) throw answer('NOT_FOUND', `no ${volumeId}`)
        return Promise.resolve({ volumeHealth: { volumeId, healthStatuses } })
      },
    },
  } as unknown as CsiClient

  #called(method: string): void {
    if (this.isAway) throw answer('UNAVAILABLE', 'No connection established')
    this.calls.push(method)
  }
}

export function clusterOf(...names: string[]): { nodes: NodeDirectory; fakes: FakeNode[] } {
  const fakes = names.map((name) => new FakeNode(name))
  const connect = (address: string): CsiClient => {
    const fake = fakes.find(({ name }) => name === address)
    if (!fake) throw new Error(`nobody is at ${address}`)
    return fake.client
  }
  const nodes = new NodeDirectory({ driverName, connect, log: silent })
  nodes.update(names.map((name) => ({ name, address: name })))
  return { nodes, fakes }
}

/** The request as a server gets it, with every field. */
export function createRequest(request: CreateVolumeRequestInit) {
  const { requestSerialize, requestDeserialize } = csi().Controller.CreateVolume
  return requestDeserialize(requestSerialize({ name: 'a', ...request }))
}

export const term = (name: string) => ({ segments: { [`topology.${driverName}/node`]: name } })
