import type { Catalog } from '../pool/catalog.ts'
import { copyImage } from '../machine/copy-image.ts'
import { VolumeError } from '../model/errors.ts'
import { fileSystemOfCopy, type FileSystemState } from '../model/file-system-state.ts'
import { isId } from '../model/ids.ts'
import type { KeyedLock } from '../concurrency/keyed-lock.ts'
import type { Draft } from '../pool/records/draft.ts'
import type { FileSystems, ImageCopier, ImageFiles } from '../model/ports.ts'
import type { ContentSource, Provisioning, Volume } from '../model/volume.ts'
import type { Cutter } from './cutter.ts'

/** How long the writers of a volume that is cloned may be held up. */
const CLONE_FREEZE_TIMEOUT_MS = 60_000

export interface RestorerDependencies {
  readonly catalog: Catalog
  readonly locks: KeyedLock
  readonly files: ImageFiles
  readonly fileSystems: FileSystems
  readonly copier: ImageCopier
  readonly cutter: Cutter
}

/** What the source asks of a volume that is made of it. */
export interface SourceDemands {
  readonly sizeBytes: bigint
  readonly fsType: Volume['fsType']
  readonly accessTypes: Volume['accessTypes']
}

/** Fills new volumes with the content of snapshots and of other volumes. */
export class Restorer {
  readonly #on: RestorerDependencies

  constructor(dependencies: RestorerDependencies) {
    this.#on = dependencies
  }

  /**
   * @throws VolumeError not-found; resource-exhausted for a source on another node, so that the CO tries that
   * one
   */
  demands({ type, id }: ContentSource): SourceDemands {
    const { catalog } = this.#on
    if (isId(id) && !catalog.isOurs(id)) {
      throw new VolumeError('resource-exhausted', `volume_content_source: ${type} "${id}" is on another node`)
    }
    if (type === 'snapshot') return catalog.getSnapshot(id)
    const volume = catalog.get(id)
    return { ...volume, sizeBytes: volume.capacityBytes }
  }

  /**
   * Makes the draft's image: the source's content, and as large as the volume is to be.
   * @returns what is known of the file system in it
   */
  async fill(
    draft: Draft,
    volume: Volume,
    source: ContentSource,
    signal: AbortSignal,
  ): Promise<FileSystemState> {
    const { files } = this.#on
    const fileSystem = await this.#copy(volume, source, draft, signal)
    const { logical } = await files.size(draft.image)
    if (logical > volume.capacityBytes) {
      throw new VolumeError(
        'aborted',
        `volume_content_source: ${source.type} "${source.id}" grew while it was copied; repeat the call`,
      )
    }
    const renewed = await this.#renew(volume, draft, fileSystem, signal)
    const isThick = volume.provisioning === 'thick'
    if (logical < volume.capacityBytes) await files.grow(draft.image, volume.capacityBytes, isThick, signal)
    if (isThick) await files.allocate(draft.image, signal)
    return renewed
  }

  async #renew(
    { accessTypes, fsType }: Volume,
    draft: Draft,
    fileSystem: FileSystemState,
    signal: AbortSignal,
  ): Promise<FileSystemState> {
    if (!accessTypes.includes('mount')) return fileSystem
    const uuid = await this.#on.fileSystems.renew(fsType, draft.image, signal)
    return uuid !== undefined && fileSystem.state === 'formatted' ? { state: 'formatted', uuid } : fileSystem
  }

  /** @returns what is known of the file system that the copy has then */
  async #copy(
    { provisioning }: Volume,
    { id, type }: ContentSource,
    draft: Draft,
    signal: AbortSignal,
  ): Promise<FileSystemState> {
    const { catalog, cutter } = this.#on
    if (type === 'snapshot') return await this.#copySnapshot(provisioning, id, draft, signal)
    const before = catalog.get(id).fileSystem
    await cutter.cut([{ volumeId: id, draft, provisioning }], CLONE_FREEZE_TIMEOUT_MS, signal)
    return fileSystemOfCopy(before, catalog.find(id)?.fileSystem)
  }

  async #copySnapshot(
    provisioning: Provisioning,
    id: string,
    draft: Draft,
    signal: AbortSignal,
  ): Promise<FileSystemState> {
    const { catalog, copier, locks } = this.#on
    // Held so that it is not deleted meanwhile.
    using _lock = await locks.acquire(id, signal)
    const snapshot = catalog.getSnapshot(id)
    const image = catalog.snapshotImage(snapshot)
    await copyImage(copier, image, draft.image, provisioning, () => undefined, signal)
    return snapshot.fileSystem
  }
}
