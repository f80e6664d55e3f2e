import type { Logger } from 'pino'
import { checkAttributes, type VolumeAttributes } from '../model/attributes.ts'
import type { Catalog } from '../pool/catalog.ts'
import { VolumeError } from '../model/errors.ts'
import type { KeyedLock } from '../concurrency/keyed-lock.ts'
import { whileFrozen } from '../machine/freeze.ts'
import { usesOf } from '../machine/uses.ts'
import type { ImageFiles, LoopDevices, Mounts, OpenFileSystem } from '../model/ports.ts'
import type { Provisioning, Volume } from '../model/volume.ts'

/** How long writers may be held up while blocks are given back; it takes a second for a few TiB. */
const FREEZE_TIMEOUT_MS = 60_000

export interface ModifierDependencies {
  readonly catalog: Catalog
  readonly locks: KeyedLock
  readonly files: ImageFiles
  readonly loops: LoopDevices
  readonly mounts: Mounts
  readonly log: Logger
}

/** Changes what can be changed of a volume, mostly also while somebody uses it. */
export class Modifier {
  readonly #on: ModifierDependencies

  constructor(dependencies: ModifierDependencies) {
    this.#on = dependencies
  }

  /**
   * All or nothing: what was done is undone when a later part fails. What is asked for is made so whatever
   * the record says, because a crash may have come between. `discard` counts from the next mount on.
   * @throws VolumeError not-found; resource-exhausted when there is no room to make it thick;
   * invalid-argument for direct I/O and for thick where it is not possible, and for attributes that
   * contradict each other; failed-precondition for the provisioning of a raw block volume in use
   */
  async modify(id: string, changes: Partial<VolumeAttributes>, signal: AbortSignal): Promise<void> {
    const { catalog, locks } = this.#on
    using _lock = await locks.acquire(id, signal)
    const volume = catalog.get(id)
    checkAttributes({ ...volume, ...changes })
    await catalog.wholeImage(volume)
    const pool = catalog.pool(volume.pool)
    if (changes.provisioning !== undefined) await pool.requirePossible(changes.provisioning)
    const { space, volumes } = pool
    await using undo = new AsyncDisposableStack()
    const work = async (): Promise<void> => {
      if (changes.directIo !== undefined) {
        undo.defer(() => this.#setDirectIo(volume, volume.directIo))
        await this.#setDirectIo(volume, changes.directIo)
      }
      if (changes.provisioning !== undefined) {
        // Refused before anything is done.
        await (await this.#fileSystemOf(volume))?.[Symbol.asyncDispose]()
        if (changes.provisioning !== volume.provisioning)
          undo.defer(() => this.#provision(volume, volume.provisioning, new AbortController().signal))
        await this.#provision(volume, changes.provisioning, signal)
      }
    }
    await space.orFull('resource-exhausted', volumes.update({ ...volume, ...changes }, work))
    undo.move()
  }

  async #provision(volume: Volume, provisioning: Provisioning, signal: AbortSignal): Promise<void> {
    if (provisioning === 'thick') await this.#allocate(volume, signal)
    else await this.#deallocate(volume, signal)
  }

  /**
   * What has to be frozen so that nobody writes into blocks that are given back. The caller disposes of it.
   * @throws VolumeError failed-precondition for a raw block device in use
   */
  async #fileSystemOf(volume: Volume): Promise<OpenFileSystem | undefined> {
    const { catalog, loops, mounts } = this.#on
    const attached = await loops.find(catalog.image(volume))
    if (!attached || attached.readOnly) return undefined
    const fileSystem = await mounts.openFileSystem(attached.device)
    if (fileSystem) return fileSystem
    throw new VolumeError(
      'failed-precondition',
      `volume "${volume.id}" is in use as a raw block device, whose writers cannot be held up; its provisioning can be changed when it is not staged`,
    )
  }

  async #allocate(volume: Volume, signal: AbortSignal): Promise<void> {
    const { catalog, files } = this.#on
    const image = catalog.image(volume)
    await this.#requireNoDiscard(volume)
    if ((await files.missing(image)) > (await catalog.pool(volume.pool).space.allocatable())) {
      throw new VolumeError('resource-exhausted', `volume "${volume.id}": no room to make it thick`)
    }
    await files.allocate(image, signal)
  }

  async #deallocate(volume: Volume, signal: AbortSignal): Promise<void> {
    const { catalog, files, log } = this.#on
    const image = catalog.image(volume)
    await using fileSystem = await this.#fileSystemOf(volume)
    if (!fileSystem) {
      await files.deallocate(image, signal)
      return
    }
    // Only for the word of the freeze that it keeps.
    await using draft = await catalog.pool(volume.pool).volumes.begin(volume.id)
    await fileSystem.flush()
    await draft.noteFrozen([volume.id])
    const bounded = AbortSignal.any([signal, AbortSignal.timeout(FREEZE_TIMEOUT_MS)])
    const work = (): Promise<void> => files.deallocate(image, bounded)
    // Not thawed before it has ended: a hole that is still to be punched would take what is written there
    // meanwhile.
    await whileFrozen([{ volumeId: volume.id, fileSystem }], work, bounded, log, false)
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
