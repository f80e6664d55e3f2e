import { join } from 'node:path'
import type { CreateVolumeRequestInit } from '../../src/csi/generated/csi/v1/CreateVolumeRequest.ts'
import type { VolumeCapabilityInit } from '../../src/csi/generated/csi/v1/VolumeCapability.ts'
import type { VolumeContentSourceInit } from '../../src/csi/generated/csi/v1/VolumeContentSource.ts'
import type { CallOptions } from '../../src/csi/client.ts'
import type { AccessMode } from '../../src/volumes/model/volume.ts'
import { devicesOf } from './leftovers.ts'
import type { TestHost } from './host.ts'

export const MiB = 1 << 20
export const GiB = 1 << 30

export function mountCapability(
  fsType = '',
  { mode = 'SINGLE_NODE_WRITER', mountFlags = [] }: { mode?: AccessMode; mountFlags?: string[] } = {},
): VolumeCapabilityInit {
  return { accessMode: { mode }, mount: { fsType, mountFlags }, accessType: 'mount' }
}

export function blockCapability(mode: AccessMode = 'SINGLE_NODE_WRITER'): VolumeCapabilityInit {
  return { accessMode: { mode }, block: {}, accessType: 'block' }
}

export interface Wishes {
  readonly capability?: VolumeCapabilityInit
  readonly bytes?: number
  readonly parameters?: Record<string, string>
  readonly source?: VolumeContentSourceInit
  /** Its pool is an image, which is mounted elsewhere. */
  readonly inPoolImage?: boolean
}

interface PublishWishes {
  readonly readonly?: boolean
  readonly capability?: VolumeCapabilityInit
}

/**
 * A volume of a test: plays the container orchestrator, with paths like the kubelet's. Disposing takes it
 * down through the driver, which thereby has to cope with whatever the test has done to it.
 */
export class TestVolume implements AsyncDisposable {
  id = ''
  readonly name: string
  readonly #node: TestHost
  readonly #capability: VolumeCapabilityInit
  readonly #bytes: number
  readonly #parameters: Record<string, string>
  readonly #source: VolumeContentSourceInit | undefined
  readonly #pools: string
  readonly #pods = new Set<string>()

  constructor(node: TestHost, name: string, wishes: Wishes = {}) {
    const {
      capability = mountCapability(),
      bytes = 32 * MiB,
      parameters = {},
      source,
      inPoolImage = false,
    } = wishes
    this.#node = node
    this.name = name
    this.#capability = capability
    this.#bytes = bytes
    this.#parameters = parameters
    this.#source = source
    this.#pools = inPoolImage ? 'mounts' : 'pools'
  }

  get staging(): string {
    return join(this.#node.path, this.name, 'globalmount')
  }

  target(pod = 'pod'): string {
    return join(this.#node.path, this.name, pod)
  }

  get directory(): string {
    return join(this.#node.dataDir, this.#pools, this.#parameters['pool'] ?? 'default', 'volumes', this.id)
  }

  get image(): string {
    return join(this.directory, 'disk.img')
  }

  /** The devices that have the image behind them, not those on top of one. */
  async devices(): Promise<string[]> {
    const devices = [...(await devicesOf(this.#node.path))]
    return devices.flatMap(([device, file]) => (file === this.image ? [device] : []))
  }

  get request(): CreateVolumeRequestInit {
    return {
      name: this.name,
      capacityRange: { requiredBytes: this.#bytes },
      volumeCapabilities: [this.#capability],
      parameters: this.#parameters,
      ...(this.#source && { volumeContentSource: this.#source }),
    }
  }

  /** For a volume that is a clone of this one. */
  get asSource(): VolumeContentSourceInit {
    return { volume: { volumeId: this.id }, type: 'volume' }
  }

  /** Also makes the directories that the CO makes. */
  async create(options?: CallOptions): Promise<this> {
    const { volume } = await this.#node.client.controller.createVolume(this.request, options)
    this.id = volume?.volumeId ?? ''
    await this.#node.directory(this.name, 'globalmount')
    return this
  }

  async stage(volumeCapability = this.#capability, options?: CallOptions): Promise<void> {
    const request = { volumeId: this.id, stagingTargetPath: this.staging, volumeCapability }
    await this.#node.client.node.nodeStageVolume(request, options)
  }

  /** @returns the target path */
  async publish(pod = 'pod', { readonly = false, capability }: PublishWishes = {}): Promise<string> {
    const targetPath = this.target(pod)
    this.#pods.add(pod)
    await this.#node.client.node.nodePublishVolume({
      volumeId: this.id,
      stagingTargetPath: this.staging,
      targetPath,
      volumeCapability: capability ?? this.#capability,
      readonly,
    })
    return targetPath
  }

  /** As the CO does it: first the controller, then, if required, the node. */
  async expand(requiredBytes: number, volumePath: string): Promise<void> {
    const capacityRange = { requiredBytes }
    const { controller, node } = this.#node.client
    const answer = await controller.controllerExpandVolume({ volumeId: this.id, capacityRange })
    if (!answer.nodeExpansionRequired) return
    await node.nodeExpandVolume({ volumeId: this.id, volumePath, capacityRange })
  }

  async modify(mutableParameters: Record<string, string>, options?: CallOptions): Promise<void> {
    const request = { volumeId: this.id, mutableParameters }
    await this.#node.client.controller.controllerModifyVolume(request, options)
  }

  async unpublish(pod = 'pod'): Promise<void> {
    const request = { volumeId: this.id, targetPath: this.target(pod) }
    await this.#node.client.node.nodeUnpublishVolume(request)
  }

  async unstage(options?: CallOptions): Promise<void> {
    const request = { volumeId: this.id, stagingTargetPath: this.staging }
    await this.#node.client.node.nodeUnstageVolume(request, options)
  }

  async delete(): Promise<void> {
    await this.#node.client.controller.deleteVolume({ volumeId: this.id })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.id === '') return
    for (const pod of this.#pods) await this.unpublish(pod)
    await this.unstage()
    await this.delete()
  }
}
