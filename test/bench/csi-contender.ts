import type { CsiClient } from '../../src/csi/client.ts'
import type { TopologyRequirementInit } from '../../src/csi/generated/csi/v1/TopologyRequirement.ts'
import type { VolumeCapabilityInit } from '../../src/csi/generated/csi/v1/VolumeCapability.ts'
import type { VolumeInit } from '../../src/csi/generated/csi/v1/Volume.ts'
import type { Contender, Life } from './contender.ts'
import { makeVolumePaths, type VolumePaths } from './volume-paths.ts'

export const volumeCapability: VolumeCapabilityInit = {
  mount: { fsType: 'ext4' },
  accessMode: { mode: 'SINGLE_NODE_WRITER' },
}

/**
 * Any CSI driver behind a socket, with the calls that a CO makes for a volume without a controller-publish
 * step.
 */
export class CsiContender implements Contender, AsyncDisposable {
  readonly name: string
  readonly #client: CsiClient
  readonly #directory: string
  readonly #alive = new Set<CsiLife>()
  #topology: Promise<TopologyRequirementInit | null> | undefined

  /** @param directory for staging and target paths */
  constructor(name: string, client: CsiClient, directory: string) {
    this.name = name
    this.#client = client
    this.#directory = directory
  }

  async begin(name: string, sizeBytes: bigint): Promise<CsiLife> {
    this.#topology ??= topologyOf(this.#client)
    const accessibilityRequirements = await this.#topology
    const paths = await makeVolumePaths(this.#directory, name)
    const request = {
      name: `bench-${name}`,
      capacityRange: { requiredBytes: sizeBytes.toString() },
      volumeCapabilities: [volumeCapability],
      accessibilityRequirements,
    }
    const life = new CsiLife(this.#client, request, paths, () => this.#alive.delete(life))
    this.#alive.add(life)
    return life
  }

  /** Deletes the volumes whose life cycles were interrupted. */
  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.allSettled([...this.#alive].map((life) => life.abandon()))
  }
}

/** What csi-provisioner asks for a pod that has to run on this node. */
async function topologyOf(client: CsiClient): Promise<TopologyRequirementInit | null> {
  const { accessibleTopology } = await client.node.nodeGetInfo({})
  if (!accessibleTopology) return null
  return { requisite: [accessibleTopology], preferred: [accessibleTopology] }
}

type CreateRequest = Parameters<CsiClient['controller']['createVolume']>[0]

export class CsiLife implements Life {
  readonly #client: CsiClient
  readonly #request: CreateRequest
  readonly #paths: VolumePaths
  readonly #onEnd: () => void
  #begun = false
  #volume: Pick<VolumeInit, 'volumeContext'> & { volumeId: string } = { volumeId: '' }

  constructor(client: CsiClient, request: CreateRequest, paths: VolumePaths, onEnd: () => void) {
    this.#client = client
    this.#request = request
    this.#paths = paths
    this.#onEnd = onEnd
  }

  async create(): Promise<void> {
    this.#begun = true
    const { volume } = await this.#client.controller.createVolume(this.#request)
    if (!volume) throw new Error('CreateVolume answered without a volume')
    this.#volume = { volumeId: volume.volumeId, volumeContext: volume.volumeContext }
  }

  async stage(): Promise<void> {
    const stagingTargetPath = this.#paths.staging
    await this.#client.node.nodeStageVolume({ ...this.#volume, stagingTargetPath, volumeCapability })
  }

  async stageRepeated(): Promise<void> {
    await this.stage()
  }

  async stageFormatted(): Promise<void> {
    await this.stage()
  }

  async probe(): Promise<void> {
    await this.#client.identity.probe({})
  }

  async publish(): Promise<void> {
    const { staging: stagingTargetPath, target: targetPath } = this.#paths
    const request = { ...this.#volume, stagingTargetPath, targetPath, volumeCapability }
    await this.#client.node.nodePublishVolume(request)
  }

  async stats(): Promise<void> {
    const { staging: stagingTargetPath, target: volumePath } = this.#paths
    const { volumeId } = this.#volume
    await this.#client.node.nodeGetVolumeStats({ volumeId, volumePath, stagingTargetPath })
  }

  async unpublish(): Promise<void> {
    const { volumeId } = this.#volume
    await this.#client.node.nodeUnpublishVolume({ volumeId, targetPath: this.#paths.target })
  }

  async unstage(): Promise<void> {
    const { volumeId } = this.#volume
    await this.#client.node.nodeUnstageVolume({ volumeId, stagingTargetPath: this.#paths.staging })
  }

  async delete(): Promise<void> {
    await this.#client.controller.deleteVolume({ volumeId: this.#volume.volumeId })
    this.#onEnd()
  }

  /**
   * Ends a life at whatever point it is: every one of these calls may be made when there is nothing to do.
   */
  async abandon(): Promise<void> {
    if (!this.#begun) return
    // The answer to CreateVolume may have been lost: the same request gets it again.
    if (this.#volume.volumeId === '') await this.create()
    await this.unpublish()
    await this.unstage()
    await this.delete()
  }
}
