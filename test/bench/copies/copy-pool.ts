import { mkdir, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import type { CsiClient } from '../../../src/csi/client.ts'
import type { VolumeContentSourceInit } from '../../../src/csi/generated/csi/v1/VolumeContentSource.ts'
import { volumeCapability } from '../csi-contender.ts'

const LOOK_EVERY_MS = 2

/** One pool of a driver: the calls that make and delete volumes and snapshots in it, by their ids. */
export class CopyPool {
  readonly #client: CsiClient
  readonly #name: string
  readonly #path: string

  /**
   * @param path where the pool is, which tells the images behind the volumes and when deleted ones are gone
   */
  constructor(client: CsiClient, name: string, path: string) {
    this.#client = client
    this.#name = name
    this.#path = path
  }

  async probe(): Promise<void> {
    await this.#client.identity.probe({})
  }

  async createVolume(name: string, sizeBytes: bigint, source?: VolumeContentSourceInit): Promise<string> {
    const { volume } = await this.#client.controller.createVolume({
      name: this.#unique(name),
      capacityRange: { requiredBytes: sizeBytes.toString() },
      volumeCapabilities: [volumeCapability],
      parameters: { pool: this.#name },
      volumeContentSource: source ?? null,
    })
    if (!volume?.volumeId) throw new Error('CreateVolume answered without a volume')
    return volume.volumeId
  }

  async deleteVolume(volumeId: string): Promise<void> {
    await this.#client.controller.deleteVolume({ volumeId })
    await this.#settle('volumes')
  }

  async createSnapshot(name: string, sourceVolumeId: string): Promise<string> {
    const { snapshot } = await this.#client.controller.createSnapshot({
      name: this.#unique(name),
      sourceVolumeId,
    })
    if (!snapshot?.readyToUse) throw new Error('CreateSnapshot answered without a snapshot that is ready')
    return snapshot.snapshotId
  }

  async deleteSnapshot(snapshotId: string): Promise<void> {
    await this.#client.controller.deleteSnapshot({ snapshotId })
    await this.#settle('snapshots')
  }

  /** Mounts the volume until the disposal. */
  async mount(volumeId: string, stagingTargetPath: string): Promise<AsyncDisposable> {
    await mkdir(stagingTargetPath)
    await this.#client.node.nodeStageVolume({ volumeId, stagingTargetPath, volumeCapability })
    return {
      [Symbol.asyncDispose]: async () => {
        await this.#client.node.nodeUnstageVolume({ volumeId, stagingTargetPath })
      },
    }
  }

  image(kind: 'volumes' | 'snapshots', id: string): string {
    return join(this.#path, kind, id, 'disk.img')
  }

  /** A driver has one space of names for all its pools. */
  #unique(name: string): string {
    return `${this.#name}-${name}`
  }

  /** The driver frees blocks after it has answered; the next measurement must not pay for that. */
  async #settle(kind: 'volumes' | 'snapshots'): Promise<void> {
    const isDeleted = (name: string): boolean => name.endsWith('.deleted')
    while ((await readdir(join(this.#path, kind))).some(isDeleted)) await setTimeout(LOOK_EVERY_MS)
  }
}
