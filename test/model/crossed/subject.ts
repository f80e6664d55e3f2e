import { readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { groupSnapshotIdFor, snapshotIdFor, volumeIdFor } from '../../../src/volumes/model/ids.ts'
import type { TestNode } from '../../support/driver.ts'
import { MiB, blockCapability, mountCapability } from '../../support/volume.ts'
import type { Kind } from './crossing.ts'
import type { Target } from './records.ts'

/** In MiB: about the smallest that there can be, and what it is grown to. */
const sizes: Readonly<Record<Kind, readonly [number, number]>> = {
  block: [16, 24],
  ext4: [32, 48],
  xfs: [300, 400],
  btrfs: [256, 320],
}

export type VolumeName = 'a' | 'b' | 'copy' | 'restored'
export type SnapshotName = 'long' | 'beside' | 'origin'

export interface Signalled {
  readonly signal?: AbortSignal
}

/** The calls of one node, by the names of a crossing. */
export class Subject {
  readonly #node: TestNode
  readonly #kind: Kind

  constructor(node: TestNode, kind: Kind) {
    this.#node = node
    this.#kind = kind
  }

  get isBlock(): boolean {
    return this.#kind === 'block'
  }

  get bytes(): number {
    return sizes[this.#kind][0] * MiB
  }

  get grownBytes(): number {
    return sizes[this.#kind][1] * MiB
  }

  volumeId(name: VolumeName): string {
    return volumeIdFor(this.#node.id, name)
  }

  snapshotId(name: SnapshotName): string {
    return snapshotIdFor(this.#node.id, name)
  }

  /** Of the group of a and b. */
  memberId(name: 'a' | 'b'): string {
    return snapshotIdFor(this.#node.id, `group of ${this.volumeId(name)}`)
  }

  staging(name: VolumeName): string {
    return join(this.#node.path, name, 'globalmount')
  }

  pod(name: VolumeName): string {
    return join(this.#node.path, name, 'pod')
  }

  /** Where a pod has it. */
  target(name: VolumeName): Target {
    return { path: this.pod(name), isBlock: this.isBlock }
  }

  image(name: VolumeName): string {
    return join(this.#node.dataDir, 'pools/default/volumes', this.volumeId(name), 'disk.img')
  }

  snapshotImage(id: string): string {
    return join(this.#node.dataDir, 'pools/default/snapshots', id, 'disk.img')
  }

  async create(name: VolumeName, bytes = this.bytes, parameters: Record<string, string> = {}): Promise<void> {
    await this.#controller.createVolume({ ...this.#request(name, bytes), parameters })
  }

  async clone(name: VolumeName, source: VolumeName, bytes: number, options?: Signalled): Promise<void> {
    const volumeContentSource = { volume: { volumeId: this.volumeId(source) }, type: 'volume' } as const
    await this.#controller.createVolume({ ...this.#request(name, bytes), volumeContentSource }, options)
  }

  async restore(name: VolumeName, snapshotId: string, bytes: number, options?: Signalled): Promise<void> {
    const volumeContentSource = { snapshot: { snapshotId }, type: 'snapshot' } as const
    await this.#controller.createVolume({ ...this.#request(name, bytes), volumeContentSource }, options)
  }

  async snapshot(name: SnapshotName, source: VolumeName, options?: Signalled): Promise<void> {
    await this.#controller.createSnapshot({ name, sourceVolumeId: this.volumeId(source) }, options)
  }

  async group(options?: Signalled): Promise<void> {
    const sourceVolumeIds = [this.volumeId('a'), this.volumeId('b')]
    await this.#node.client.groupController.createVolumeGroupSnapshot(
      { name: 'group', sourceVolumeIds },
      options,
    )
  }

  async deleteGroup(): Promise<void> {
    await this.#node.client.groupController.deleteVolumeGroupSnapshot({
      groupSnapshotId: groupSnapshotIdFor(this.#node.id, 'group'),
      snapshotIds: [this.memberId('a'), this.memberId('b')],
    })
  }

  async deleteSnapshot(name: SnapshotName): Promise<void> {
    await this.#controller.deleteSnapshot({ snapshotId: this.snapshotId(name) })
  }

  async delete(name: VolumeName): Promise<void> {
    await this.#controller.deleteVolume({ volumeId: this.volumeId(name) })
  }

  async expand(name: VolumeName): Promise<void> {
    const capacityRange = { requiredBytes: this.grownBytes }
    await this.#controller.controllerExpandVolume({ volumeId: this.volumeId(name), capacityRange })
  }

  async nodeExpand(name: VolumeName, options?: Signalled): Promise<void> {
    const request = { volumeId: this.volumeId(name), volumePath: this.pod(name) }
    const capacityRange = { requiredBytes: this.grownBytes }
    await this.#node.client.node.nodeExpandVolume({ ...request, capacityRange }, options)
  }

  async modify(
    name: VolumeName,
    mutableParameters: Readonly<Record<string, string>>,
    options?: Signalled,
  ): Promise<void> {
    const volumeId = this.volumeId(name)
    await this.#controller.controllerModifyVolume(
      { volumeId, mutableParameters: { ...mutableParameters } },
      options,
    )
  }

  /** As the kubelet does, it makes the staging path first. */
  async stage(name: VolumeName, options?: Signalled): Promise<void> {
    await this.#node.directory(name, 'globalmount')
    const volumeCapability = this.#capability
    await this.#node.client.node.nodeStageVolume({ ...this.#staged(name), volumeCapability }, options)
  }

  async unstage(name: VolumeName): Promise<void> {
    await this.#node.client.node.nodeUnstageVolume(this.#staged(name))
  }

  async publish(name: VolumeName): Promise<void> {
    const volumeCapability = this.#capability
    const request = { ...this.#staged(name), targetPath: this.pod(name), volumeCapability }
    await this.#node.client.node.nodePublishVolume(request)
  }

  async unpublish(name: VolumeName): Promise<void> {
    const request = { volumeId: this.volumeId(name), targetPath: this.pod(name) }
    await this.#node.client.node.nodeUnpublishVolume(request)
  }

  /** The volumes that there are, by id, with their bytes. */
  async volumes(): Promise<Map<string, number>> {
    const { entries } = await this.#controller.listVolumes({})
    return new Map(entries.map(({ volume }) => [volume?.volumeId ?? '', Number(volume?.capacityBytes)]))
  }

  /** The snapshots that there are, by id, with their bytes. */
  async snapshots(): Promise<Map<string, number>> {
    const { entries } = await this.#controller.listSnapshots({})
    return new Map(entries.map(({ snapshot }) => [snapshot?.snapshotId ?? '', Number(snapshot?.sizeBytes)]))
  }

  async removeImage(name: VolumeName): Promise<void> {
    await rm(this.image(name))
  }

  /** Of a volume or snapshot that was not finished. */
  async removeDraft(name: string): Promise<void> {
    for (const folder of this.#folders) await rm(join(folder, name), { recursive: true, force: true })
  }

  /** What there is of volumes and snapshots on the disk, but for what is deleted in the background. */
  async files(): Promise<string[]> {
    const names = await Promise.all(this.#folders.map((folder) => readdir(folder)))
    return names.flat().filter((name) => !name.endsWith('.deleted'))
  }

  get #folders(): string[] {
    return ['volumes', 'snapshots'].map((folder) => join(this.#node.dataDir, 'pools/default', folder))
  }

  get #controller() {
    return this.#node.client.controller
  }

  get #capability() {
    return this.#kind === 'block' ? blockCapability() : mountCapability(this.#kind)
  }

  #request(name: VolumeName, bytes: number) {
    return { name, capacityRange: { requiredBytes: bytes }, volumeCapabilities: [this.#capability] }
  }

  #staged(name: VolumeName) {
    return { volumeId: this.volumeId(name), stagingTargetPath: this.staging(name) }
  }
}
