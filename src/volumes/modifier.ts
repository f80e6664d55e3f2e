import { checkAttributes } from './attributes.ts'
import type { Catalog } from './catalog.ts'
import { VolumeError } from './errors.ts'
import type { KeyedLock } from './keyed-lock.ts'
import { usesOf } from './node/uses.ts'
import type { ImageFiles, LoopDevices, Mounts } from './ports.ts'
import type { Volume, VolumeAttributes } from './volume.ts'

export interface ModifierDependencies {
  readonly catalog: Catalog
  readonly locks: KeyedLock
  readonly files: ImageFiles
  readonly loops: LoopDevices
  readonly mounts: Mounts
}

/** Changes what can be changed of a volume, whether somebody uses it or not. */
export class Modifier {
  readonly #on: ModifierDependencies

  constructor(dependencies: ModifierDependencies) {
    this.#on = dependencies
  }

  /**
   * All or nothing: what was done is undone when a later part fails. `discard` counts from the next mount on.
   * @throws VolumeError not-found; resource-exhausted when there is no room to make it thick; invalid-argument for direct
   * I/O where it is not possible, and for attributes that contradict each other
   */
  async modify(id: string, changes: Partial<VolumeAttributes>, signal: AbortSignal): Promise<void> {
    const { catalog, locks } = this.#on
    using _lock = await locks.acquire(id, signal)
    const volume = catalog.get(id)
    const modified = { ...volume, ...changes }
    checkAttributes(modified)
    await using undo = new AsyncDisposableStack()
    if (modified.provisioning !== volume.provisioning) {
      await this.#provision(volume, modified.provisioning, signal)
      undo.defer(() => this.#provision(modified, volume.provisioning, signal))
    }
    if (modified.directIo !== volume.directIo) {
      await this.#setDirectIo(volume, modified.directIo)
      undo.defer(() => this.#setDirectIo(modified, volume.directIo))
    }
    await catalog.pool(volume.pool).volumes.update(modified)
    undo.move()
  }

  async #provision(volume: Volume, provisioning: Volume['provisioning'], signal: AbortSignal): Promise<void> {
    const { catalog, files } = this.#on
    const image = catalog.image(volume)
    if (provisioning === 'thin') {
      await files.deallocate(image, signal)
      return
    }
    await this.#requireNoDiscard(volume)
    const { space } = catalog.pool(volume.pool)
    const { logical, allocated } = await files.size(image)
    if (logical - allocated > (await space.usage()).freeBytes) {
      throw new VolumeError('resource-exhausted', `volume "${volume.id}": no room to make it thick`)
    }
    try {
      await space.orFull('resource-exhausted', files.allocate(image, signal))
    } catch (error) {
      await files.deallocate(image, new AbortController().signal)
      throw error
    }
  }

  /** Mounted as it was before `discard` was changed, its file system would go on giving its blocks away. */
  async #requireNoDiscard(volume: Volume): Promise<void> {
    const { catalog, loops, mounts } = this.#on
    const attached = await loops.find(catalog.image(volume))
    if (!attached) return
    const uses = usesOf(attached.device, await mounts.list())
    const other = uses.find(({ options }) => options.some((option) => /^discard(=|$)/.test(option)))
    if (!other) return
    throw new VolumeError(
      'failed-precondition',
      `volume "${volume.id}" is mounted with discard at ${other.target}; it can be made thick when it is not staged`,
    )
  }

  async #setDirectIo(volume: Volume, wanted: Volume['directIo']): Promise<void> {
    const { catalog, loops } = this.#on
    const attached = await loops.find(catalog.image(volume))
    if (!attached || attached.directIo === (wanted !== 'off')) return
    const isOn = await loops.setDirectIo(attached.device, wanted !== 'off')
    if (wanted === 'on' && !isOn) {
      throw new VolumeError(
        'invalid-argument',
        'mutable_parameters: directIO is "on", which the file system of the pool cannot do; use "auto"',
      )
    }
  }
}
