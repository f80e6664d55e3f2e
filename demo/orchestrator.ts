import { rmdir } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { CsiClient } from '../src/csi/client.ts'
import type { VolumeCapabilityInit } from '../src/csi/generated/csi/v1/VolumeCapability.ts'
import type { FsType } from '../src/volumes/model/ports/file-systems.ts'
import type { Narrator } from './narrator.ts'
import type { Workspace } from './workspace.ts'

/** What Kubernetes knows of a volume, and its image. */
export interface DemoVolume {
  /** From the driver. */
  readonly id: string
  /** Kubernetes does not know it. */
  readonly image: string
  readonly stagingPath: string
  readonly capability: VolumeCapabilityInit
}

/** A volume that a pod uses as a directory; the driver allows several pods. */
export function fileSystem(fsType: FsType, mountFlags: readonly string[]): VolumeCapabilityInit {
  return { mount: { fsType, mountFlags: [...mountFlags] }, accessMode: { mode: 'SINGLE_NODE_MULTI_WRITER' } }
}

/** A volume that one pod uses as a disk. */
export const rawBlock: VolumeCapabilityInit = { block: {}, accessMode: { mode: 'SINGLE_NODE_WRITER' } }

/**
 * The role of Kubernetes ("CO", container orchestrator, in the CSI specification): makes the calls in the
 * order and with the paths of a cluster, and creates the directories that a CO creates.
 */
export class Orchestrator {
  readonly #client: CsiClient
  readonly #workspace: Workspace
  readonly #narrator: Narrator
  readonly #options: { readonly signal: AbortSignal }

  constructor(client: CsiClient, workspace: Workspace, narrator: Narrator, signal: AbortSignal) {
    this.#client = client
    this.#workspace = workspace
    this.#narrator = narrator
    this.#options = { signal }
  }

  async identify(): Promise<{ name: string; version: string }> {
    const { identity } = this.#client
    await this.#call('Probe', () => identity.probe({}, this.#options))
    const info = await this.#call('GetPluginInfo', () => identity.getPluginInfo({}, this.#options))
    return { name: info.name, version: info.vendorVersion }
  }

  async create(name: string, sizeBytes: bigint, capability: VolumeCapabilityInit): Promise<DemoVolume> {
    const { volume } = await this.#call('CreateVolume', () =>
      this.#client.controller.createVolume(
        { name, capacityRange: { requiredBytes: `${sizeBytes}` }, volumeCapabilities: [capability] },
        this.#options,
      ),
    )
    const image = (await this.#workspace.images()).find((path) => path.includes(volume?.volumeId ?? ''))
    if (!volume || image === undefined) throw new Error('the driver has created a volume without an image')
    const stagingPath = join(this.#workspace.directory, 'staging', name)
    return { id: volume.volumeId, image, stagingPath, capability }
  }

  async stage({ id, stagingPath, capability }: DemoVolume): Promise<void> {
    await this.#workspace.makeDirectory(this.#workspace.short(stagingPath))
    await this.#call('NodeStageVolume', () =>
      this.#client.node.nodeStageVolume(
        { volumeId: id, stagingTargetPath: stagingPath, volumeCapability: capability },
        this.#options,
      ),
    )
  }

  /** @returns the path of the volume in the pod */
  async publish(volume: DemoVolume, pod: string, readonly = false): Promise<string> {
    const { id, stagingPath, capability } = volume
    const targetPath = join(await this.#workspace.makeDirectory('pods', pod), 'volume')
    await this.#call(`NodePublishVolume${readonly ? ' (readonly)' : ''}`, () =>
      this.#client.node.nodePublishVolume(
        { volumeId: id, stagingTargetPath: stagingPath, targetPath, volumeCapability: capability, readonly },
        this.#options,
      ),
    )
    return targetPath
  }

  /** The controller's call grows the image and the device, the node's call the file system. */
  async expand({ id, stagingPath }: DemoVolume, volumePath: string, sizeBytes: bigint): Promise<void> {
    const capacityRange = { requiredBytes: `${sizeBytes}` }
    await this.#call('ControllerExpandVolume', () =>
      this.#client.controller.controllerExpandVolume({ volumeId: id, capacityRange }, this.#options),
    )
    await this.#call('NodeExpandVolume', () =>
      this.#client.node.nodeExpandVolume(
        { volumeId: id, volumePath, stagingTargetPath: stagingPath, capacityRange },
        this.#options,
      ),
    )
  }

  async unpublish({ id }: DemoVolume, targetPath: string): Promise<void> {
    await this.#call('NodeUnpublishVolume', () =>
      this.#client.node.nodeUnpublishVolume({ volumeId: id, targetPath }, this.#options),
    )
    await rmdir(dirname(targetPath))
  }

  async unstage({ id, stagingPath }: DemoVolume): Promise<void> {
    await this.#call('NodeUnstageVolume', () =>
      this.#client.node.nodeUnstageVolume({ volumeId: id, stagingTargetPath: stagingPath }, this.#options),
    )
    await rmdir(stagingPath)
  }

  async delete({ id }: DemoVolume): Promise<void> {
    await this.#call('DeleteVolume', () =>
      this.#client.controller.deleteVolume({ volumeId: id }, this.#options),
    )
  }

  #call<Result>(name: string, work: () => Promise<Result>): Promise<Result> {
    return this.#narrator.call(name, work)
  }
}
