import { isReadOnly, requireAccess, sectorBytesOf, type Access, type Volume } from '../model/volume.ts'
import { VolumeError } from '../model/errors.ts'
import type { MountEntry } from '../model/ports.ts'
import type { NodeDependencies } from '../state/dependencies.ts'
import { mountVolume } from '../state/mount-volume.ts'
import { remainsOf } from '../state/takedown.ts'
import { unmountIdle } from '../machine/unmount.ts'
import { isLoopMount, shows, strange, usesOf } from '../machine/uses.ts'

/**
 * Brings a volume to the node and takes it away again: its loop device, and for a mount volume its file
 * system at the staging path. What is there already is asked of the kernel, so every call can be repeated,
 * also after a crash.
 */
export class Stager {
  readonly #on: NodeDependencies

  constructor(dependencies: NodeDependencies) {
    this.#on = dependencies
  }

  /**
   * @throws VolumeError not-found; failed-precondition when the volume cannot be used in this way or holds
   * something unexpected; already-exists when it is staged here in another way
   */
  async stage(id: string, stagingPath: string, access: Access, signal: AbortSignal): Promise<void> {
    const { catalog, locks } = this.#on
    using _lock = await locks.acquire(id, signal)
    const volume = catalog.get(id)
    requireAccess(volume, access)
    const readOnly = isReadOnly(access)
    if (access.type === 'block') {
      await this.#stageBlock(volume, readOnly, signal)
    } else {
      const { mountFlags } = access
      const wish = { path: stagingPath, mountFlags, readOnly, mayPrepare: !readOnly }
      await mountVolume(this.#on, volume, wish, signal)
    }
  }

  /** @throws VolumeError failed-precondition while the volume is published or its device is open */
  async unstage(id: string, stagingPath: string, signal: AbortSignal): Promise<void> {
    const { catalog, locks, loops, mounts } = this.#on
    using _lock = await locks.acquire(id, signal)
    const {
      image,
      devices: [attached],
      isLost,
    } = await remainsOf(catalog, loops, id)
    const staged = await mounts.at(stagingPath)
    const uses = attached ? usesOf(attached.device, await mounts.list()) : []
    // A file system that is staged elsewhere is not staged here, which is what was asked for.
    if (attached?.autoclear && !staged && uses.length > 0) return
    requireUnpublished(id, staged, uses)
    if (staged) {
      if (attached ? !shows(staged, attached.device) : !isLoopMount(staged))
        throw strange(id, stagingPath, staged)
      await unmountIdle(mounts, id, stagingPath)
    }
    if (isLost) await loops.detachNamed(id, signal)
    if (image === undefined) return
    // Only block volumes have devices on top of theirs.
    if (attached && !attached.autoclear) await loops.detachWithAbove(image, signal)
    else await loops.detach(image, signal)
  }

  /**
   * Without autoclear: as long as a pod holds the node of a device, its number must not go to another volume.
   */
  async #stageBlock(volume: Volume, readOnly: boolean, signal: AbortSignal): Promise<void> {
    const { catalog, loops } = this.#on
    const image = await catalog.wholeImage(volume)
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
    await this.#expectRawContent(volume)
    const { id: name, directIo } = volume
    const options = { name, readOnly, autoclear: false, directIo, sectorBytes: sectorBytesOf(volume) }
    await using _attachment = await loops.attach(image, options, signal)
  }

  /**
   * What a pod writes to the raw device may look blank, so a volume that can also be mounted is no longer a
   * new one.
   */
  async #expectRawContent(volume: Volume): Promise<void> {
    if (volume.fileSystem.state !== 'new') return
    const { space, volumes } = this.#on.catalog.pool(volume.pool)
    const updating = volumes.update({ ...volume, fileSystem: { state: 'unknown' } })
    await space.orFull('resource-exhausted', updating)
  }
}

function requireUnpublished(id: string, staged: MountEntry | undefined, uses: readonly MountEntry[]): void {
  const other = uses.find(({ target }) => target !== staged?.target)
  if (!other) return
  throw new VolumeError(
    'failed-precondition',
    `volume "${id}" is still in use at ${other.target}; unpublish it first`,
  )
}
