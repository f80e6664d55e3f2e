import type { KeyedLock } from '../concurrency/keyed-lock.ts'
import { findDevicesAbove } from '../machine/attachments.ts'
import type { HeldFileSystems } from '../machine/held-file-systems.ts'
import { hasErrno, VolumeError } from '../model/errors.ts'
import type { LoopDevices } from '../model/ports/loop-devices.ts'
import type { Mounts } from '../model/ports/mounts.ts'
import type { Volume } from '../model/volume.ts'
import type { Catalog } from '../pool/catalog.ts'
import { VolumeState } from './volume-state.ts'

export interface VolumeAccessDependencies {
  readonly catalog: Catalog
  readonly held: HeldFileSystems
  readonly locks: KeyedLock
  readonly loops: LoopDevices
  readonly mounts: Mounts
}

/** A volume that may be deleted or lost. */
export interface PossibleVolume {
  /** Undefined for a volume that does not exist or is lost. */
  readonly state: VolumeState | undefined
  /**
   * Why the record or the image cannot be read: it is damaged, its pool has shut down, or there was an I/O
   * error; else undefined. The volume may still be attached, and must be unpublished and unstaged: until then
   * its pool cannot be mounted again.
   */
  readonly loss: Error | undefined
}

/**
 * Access to the volumes of this node: takes a volume's lock, looks it up, and observes it. A file system that
 * is held because its pool is full is released first, and frozen again later.
 */
export class VolumeAccess {
  readonly #deps: VolumeAccessDependencies

  constructor(dependencies: VolumeAccessDependencies) {
    this.#deps = dependencies
  }

  /**
   * Works on a volume that exists.
   * @throws VolumeError not-found; failed-precondition for a damaged one; what the work throws
   */
  async withVolume<T>(id: string, signal: AbortSignal, work: (state: VolumeState) => Promise<T>): Promise<T> {
    return await this.withLock(id, signal, () => work(this.observe(id)))
  }

  /** Works on a volume that may be deleted or lost. */
  async withPossibleVolume<T>(
    id: string,
    signal: AbortSignal,
    work: (possible: PossibleVolume) => Promise<T>,
  ): Promise<T> {
    return await this.withLock(id, signal, async () => work(await this.#findPossible(id)))
  }

  /** Works under a volume's lock, whether the volume exists or not. */
  async withLock<T>(id: string, signal: AbortSignal, work: () => Promise<T>): Promise<T> {
    using _lock = await this.#acquire(id, signal)
    return await work()
  }

  /** As `withLock`, for work that only reads: what is frozen stays frozen. */
  async lookAt<T>(id: string, signal: AbortSignal, work: () => Promise<T>): Promise<T> {
    using _lock = await this.#deps.locks.acquire(id, signal)
    return await work()
  }

  /**
   * Takes the locks of several volumes, always in the order of their ids, so that callers cannot deadlock.
   */
  async lockAll(ids: readonly string[], signal: AbortSignal): Promise<Disposable> {
    using held = new DisposableStack()
    for (const id of ids.toSorted()) held.use(await this.#acquire(id, signal))
    return held.move()
  }

  async #acquire(id: string, signal: AbortSignal): Promise<Disposable> {
    using lock = new DisposableStack()
    lock.use(await this.#deps.locks.acquire(id, signal))
    await this.#deps.held.release(id)
    return lock.move()
  }

  /** The caller has the volume's lock. @throws as `withVolume` does */
  observe(id: string): VolumeState {
    return this.#stateOf(this.#deps.catalog.get(id))
  }

  #stateOf(volume: Volume): VolumeState {
    const { catalog, loops, mounts } = this.#deps
    return new VolumeState(volume, catalog.image(volume), {
      findDevice: (image) => loops.find(image),
      findDevicesAbove: (own) => findDevicesAbove(loops, own),
      listMounts: () => mounts.list(),
    })
  }

  async #findPossible(id: string): Promise<PossibleVolume> {
    const { catalog } = this.#deps
    try {
      const volume = catalog.find(id)
      if (!volume) {
        catalog.requireAbsent(id)
        return { state: undefined, loss: undefined }
      }
      const state = this.#stateOf(volume)
      await state.devices()
      return { state, loss: undefined }
    } catch (error) {
      const isLoss = error instanceof VolumeError || hasErrno(error, 'ENOENT', 'ENOTDIR', 'EIO')
      if (Error.isError(error) && isLoss) return { state: undefined, loss: error }
      throw error
    }
  }
}
