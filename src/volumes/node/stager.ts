import { isReadOnly, requireAccess } from '../access.ts'
import { VolumeError } from '../errors.ts'
import type { MountEntry } from '../ports.ts'
import type { NodeDependencies } from './dependencies.ts'
import { unmountIdle } from './unmount.ts'
import { prepareFileSystem } from './prepare-filesystem.ts'
import { isLoopMount, shows, usesOf } from './uses.ts'
import { sectorBytesOf, type Access, type Volume } from '../volume.ts'

/**
 * Brings a volume to the node and takes it away again: its loop device, and for a mount volume its file system at the
 * staging path. What is there already is asked of the kernel, so every call can be repeated, also after a crash.
 */
export class Stager {
  readonly #on: NodeDependencies

  constructor(dependencies: NodeDependencies) {
    this.#on = dependencies
  }

  /**
   * @throws VolumeError not-found; failed-precondition when the volume cannot be used in this way or holds something
   * unexpected; already-exists when it is staged here in another way
   */
  async stage(id: string, stagingPath: string, access: Access, signal: AbortSignal): Promise<void> {
    const { catalog, locks } = this.#on
    using _lock = await locks.acquire(id, signal)
    const volume = catalog.get(id)
    requireAccess(volume, access)
    if (access.type === 'block') await this.#stageBlock(volume, isReadOnly(access), signal)
    else await this.#stageMount(volume, stagingPath, access, signal)
  }

  /** @throws VolumeError failed-precondition while the volume is published or its device is open */
  async unstage(id: string, stagingPath: string, signal: AbortSignal): Promise<void> {
    const { catalog, locks, loops, mounts } = this.#on
    using _lock = await locks.acquire(id, signal)
    const volume = catalog.find(id)
    const image = volume && catalog.image(volume)
    const attached = image === undefined ? undefined : await loops.find(image)
    const staged = await mounts.at(stagingPath)
    if (attached)
      await this.#requireUnpublished(id, stagingPath, usesOf(attached.device, await mounts.list()))
    if (staged) {
      if (attached ? !shows(staged, attached.device) : !isLoopMount(staged))
        throw strange(id, stagingPath, staged)
      await unmountIdle(mounts, id, stagingPath)
    }
    if (image === undefined) return
    // A read-only device on top holds this one. Only block volumes have one, and they keep their number until here.
    if (attached && !attached.autoclear) await loops.detach(attached.device.path, signal)
    await loops.detach(image, signal)
  }

  async #stageMount(
    volume: Volume,
    stagingPath: string,
    access: Access & { type: 'mount' },
    signal: AbortSignal,
  ): Promise<void> {
    const { catalog, fileSystems, loops, mounts } = this.#on
    const readOnly = isReadOnly(access)
    const staged = await mounts.at(stagingPath)
    if (staged) {
      const attached = await loops.find(catalog.image(volume))
      if (!attached || !shows(staged, attached.device)) throw strange(volume.id, stagingPath, staged)
      if (staged.readOnly === readOnly) return
      throw new VolumeError(
        'already-exists',
        `volume "${volume.id}" is staged at ${stagingPath} ${staged.readOnly ? 'read-only' : 'read-write'} already`,
      )
    }
    // Until it is mounted only our open file keeps the device: if anything fails, or we die, the kernel detaches it.
    await using attachment = await loops.attach(
      catalog.image(volume),
      {
        name: volume.id,
        readOnly: false,
        autoclear: true,
        directIo: volume.directIo,
        sectorBytes: sectorBytesOf(volume),
      },
      signal,
    )
    const { device } = attachment
    const state = await prepareFileSystem(this.#on, volume, device, readOnly, signal)
    await mounts.mount({
      source: device.path,
      target: stagingPath,
      fsType: volume.fsType,
      options: [
        ...fileSystems.mountOptions(volume.fsType),
        ...access.mountFlags,
        ...(readOnly ? ['ro'] : []),
      ],
    })
    if (state !== 'checked' || readOnly) return
    await using undo = new AsyncDisposableStack()
    undo.defer(() => mounts.unmount(stagingPath))
    await fileSystems.grow(volume.fsType, device.path, stagingPath, signal)
    undo.move()
  }

  /** Without autoclear: as long as a pod holds the node of a device, its number must not go to another volume. */
  async #stageBlock(volume: Volume, readOnly: boolean, signal: AbortSignal): Promise<void> {
    const { catalog, loops } = this.#on
    const image = catalog.image(volume)
    const attached = await loops.find(image)
    if (attached) {
      if (attached.autoclear) {
        throw new VolumeError(
          'aborted',
          `volume "${volume.id}" is still being detached from ${attached.device.path}, which something has open; repeat the call`,
        )
      }
      if (attached.readOnly === readOnly) return
      throw new VolumeError(
        'already-exists',
        `volume "${volume.id}" is staged ${attached.readOnly ? 'read-only' : 'read-write'} at ${attached.device.path} already`,
      )
    }
    const { id: name, directIo } = volume
    const options = { name, readOnly, autoclear: false, directIo, sectorBytes: sectorBytesOf(volume) }
    await using _attachment = await loops.attach(image, options, signal)
  }

  async #requireUnpublished(id: string, stagingPath: string, uses: readonly MountEntry[]): Promise<void> {
    const staged = await this.#on.mounts.at(stagingPath)
    const other = uses.find(({ target }) => target !== staged?.target)
    if (other) {
      throw new VolumeError(
        'failed-precondition',
        `volume "${id}" is still in use at ${other.target}; unpublish it first`,
      )
    }
  }
}

function strange(id: string, path: string, entry: MountEntry): VolumeError {
  return new VolumeError(
    'already-exists',
    `${path} is a mount of something else (${entry.source}, ${entry.fsType}), not of volume "${id}"; it is left as it is`,
  )
}
