import { join } from 'node:path'
import type { SnapshotInit } from '../../src/csi/generated/csi/v1/Snapshot.ts'
import type { VolumeContentSourceInit } from '../../src/csi/generated/csi/v1/VolumeContentSource.ts'
import type { CallOptions } from '../../src/csi/client.ts'
import type { TestHost } from './host.ts'
import type { TestVolume } from './volume.ts'

/** A snapshot of a test. Disposing deletes it through the driver. */
export class TestSnapshot implements AsyncDisposable {
  id = ''
  readonly name: string
  readonly #node: TestHost
  readonly #source: TestVolume

  constructor(node: TestHost, name: string, source: TestVolume) {
    this.#node = node
    this.name = name
    this.#source = source
  }

  /** For a volume that is made of it. */
  get asSource(): VolumeContentSourceInit {
    return { snapshot: { snapshotId: this.id }, type: 'snapshot' }
  }

  /** In the pool `default`. */
  get image(): string {
    return join(this.#node.dataDir, 'pools', 'default', 'snapshots', this.id, 'disk.img')
  }

  async create(options?: CallOptions, parameters: Record<string, string> = {}): Promise<this> {
    const request = { name: this.name, sourceVolumeId: this.#source.id, parameters }
    const { snapshot } = await this.#node.client.controller.createSnapshot(request, options)
    this.id = snapshot?.snapshotId ?? ''
    return this
  }

  async delete(): Promise<void> {
    await this.#node.client.controller.deleteSnapshot({ snapshotId: this.id })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.id !== '') await this.delete()
  }
}

/** A group of snapshots of a test. Disposing deletes it through the driver. */
export class TestGroup implements AsyncDisposable {
  id = ''
  /** In the order of the sources. */
  snapshots: SnapshotInit[] = []
  readonly name: string
  readonly #node: TestHost
  readonly #sources: readonly TestVolume[]

  constructor(node: TestHost, name: string, sources: readonly TestVolume[]) {
    this.#node = node
    this.name = name
    this.#sources = sources
  }

  async create(): Promise<this> {
    const { groupSnapshot } = await this.#node.client.groupController.createVolumeGroupSnapshot({
      name: this.name,
      sourceVolumeIds: this.#sources.map(({ id }) => id),
    })
    this.id = groupSnapshot?.groupSnapshotId ?? ''
    this.snapshots = groupSnapshot?.snapshots ?? []
    return this
  }

  async delete(): Promise<void> {
    await this.#node.client.groupController.deleteVolumeGroupSnapshot({
      groupSnapshotId: this.id,
      snapshotIds: this.snapshots.map(({ snapshotId }) => snapshotId ?? ''),
    })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.id !== '') await this.delete()
  }
}

/** The ids of all snapshots that the driver lists. */
export async function snapshotIds(node: TestHost): Promise<string[]> {
  const { entries } = await node.client.controller.listSnapshots({})
  return entries.map(({ snapshot }) => snapshot?.snapshotId ?? '')
}
