import type { ControllerDefinition } from '../../../src/csi/generated/csi/v1/Controller.ts'
import type { VolumeInit } from '../../../src/csi/generated/csi/v1/Volume.ts'
import { pageOf } from '../../../src/csi/pages.ts'
import type { Handlers } from '../../../src/csi/protocol.ts'
import { NodeTopology } from '../../../src/csi/topology.ts'
import { VolumeError } from '../../../src/volumes/model/errors.ts'
import { volumeIdFor } from '../../../src/volumes/model/ids.ts'
import { Listed } from './listed.ts'
import { DRIVER } from './shape.ts'

export interface SimulatedVolume {
  readonly id: string
  readonly capacityBytes: string
}

const GiB = 2n ** 30n
export const DEFAULT_BYTES = GiB.toString()

/** One of so many volumes has an issue, with a text as long as usual. */
const VOLUMES_PER_ISSUE = 100

const issue = {
  status: 'DEGRADED',
  reason: 'FileSystemErrors',
  message: `the file system has recorded errors; ${"read the kernel's log of that time, ".repeat(6)}`,
} as const

/**
 * The volumes of a node, in memory only. It answers at once what the driver of a node answers, as far as the
 * router and its callers look at it: the router is what is measured.
 */
export class SimulatedVolumes {
  readonly topology: NodeTopology
  readonly #nodeName: string
  readonly #volumes = new Listed<SimulatedVolume>()

  /** @param names of the volumes that it has from the beginning */
  constructor(nodeName: string, names: readonly string[]) {
    this.#nodeName = nodeName
    this.topology = new NodeTopology(DRIVER, nodeName)
    for (const name of names) this.#create(name, DEFAULT_BYTES)
  }

  /** @throws VolumeError not-found */
  get(id: string): SimulatedVolume {
    const volume = this.#volumes.get(id)
    if (volume) return volume
    throw new VolumeError('not-found', `volume "${id}" does not exist on this node`)
  }

  readonly handlers: Handlers<ControllerDefinition> = {
    createVolume: ({ name, capacityRange, accessibilityRequirements }) => {
      this.topology.requireWithin(accessibilityRequirements)
      return { volume: this.#message(this.#create(name, capacityRange?.requiredBytes ?? DEFAULT_BYTES)) }
    },
    // An id that no node can have given out is sent to any node, which takes it for deleted.
    deleteVolume: ({ volumeId }) => {
      this.#volumes.delete(volumeId)
      return {}
    },
    controllerGetVolume: ({ volumeId }) => ({ volume: this.#message(this.get(volumeId)), status: {} }),
    validateVolumeCapabilities: ({ volumeId, volumeCapabilities }) => {
      this.get(volumeId)
      return { confirmed: { volumeCapabilities } }
    },
    controllerExpandVolume: ({ volumeId, capacityRange }) => {
      const { id, capacityBytes } = this.get(volumeId)
      const volume = { id, capacityBytes: capacityRange?.requiredBytes ?? capacityBytes }
      this.#volumes.set(volume)
      return { capacityBytes: volume.capacityBytes, nodeExpansionRequired: true }
    },
    controllerModifyVolume: ({ volumeId }) => {
      this.get(volumeId)
      return {}
    },
    getCapacity: () => {
      const value = (1_000_000n * GiB - BigInt(this.#volumes.size) * GiB).toString()
      return { availableCapacity: value, maximumVolumeSize: { value }, minimumVolumeSize: { value: '1' } }
    },
    listVolumes: (request) => {
      const { page, nextToken } = pageOf(request, (after, limit) => this.#volumes.list(after, limit))
      return { entries: page.map((volume) => ({ volume: this.#message(volume) })), nextToken }
    },
    controllerGetVolumeHealth: ({ volumeId }) => ({ volumeHealth: healthOf(this.get(volumeId)) }),
    controllerListVolumeHealth: (request) => {
      const { page, nextToken } = pageOf(request, (after, limit) => this.#volumes.list(after, limit))
      return { entries: page.map(healthOf), nextToken }
    },
  }

  #create(name: string, capacityBytes: string): SimulatedVolume {
    const volume = { id: volumeIdFor(this.#nodeName, name), capacityBytes }
    this.#volumes.set(volume)
    return volume
  }

  #message({ id, capacityBytes }: SimulatedVolume): VolumeInit {
    return { volumeId: id, capacityBytes, accessibleTopology: [{ segments: this.topology.segments }] }
  }
}

/** By the id, so that the same volumes have an issue each time. */
function healthOf({ id }: SimulatedVolume) {
  const hasIssue = Number.parseInt(id.slice(-6), 16) % VOLUMES_PER_ISSUE === 0
  return { volumeId: id, healthStatuses: hasIssue ? [issue] : [] }
}
