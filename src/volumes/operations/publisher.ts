import { isReadOnly, requireAccess, sectorBytesOf, type Access, type Volume } from '../model/volume.ts'
import { VolumeError } from '../model/errors.ts'
import type { LoopDevice, LoopState, MountEntry } from '../model/ports.ts'
import type { NodeDependencies } from '../state/dependencies.ts'
import { devicesOf } from '../machine/devices.ts'
import { makeTarget, removeTarget } from '../machine/target.ts'
import { remainsOf } from '../state/takedown.ts'
import { unmountIdle } from '../machine/unmount.ts'
import { isFileSystem, isLoopMount, shows, usesOf } from '../machine/uses.ts'

export interface PublishRequest {
  readonly stagingPath: string
  readonly targetPath: string
  readonly access: Access
  readonly readOnly: boolean
}

/** Shows a staged volume to a container at its target path, and takes it away again. */
export class Publisher {
  readonly #on: NodeDependencies

  constructor(dependencies: NodeDependencies) {
    this.#on = dependencies
  }

  /**
   * @throws VolumeError not-found; failed-precondition when it is not staged, or published elsewhere and the
   * access mode allows one place only; already-exists when something else is at the target
   */
  async publish(id: string, request: PublishRequest, signal: AbortSignal): Promise<void> {
    const { catalog, locks, loops, mounts } = this.#on
    using _lock = await locks.acquire(id, signal)
    const volume = catalog.get(id)
    requireAccess(volume, request.access)
    const [attached, second] = await devicesOf(loops, await catalog.wholeImage(volume))
    const staged = request.access.type === 'mount' ? await mounts.at(request.stagingPath) : undefined
    if (!attached || !isStaged(request.access, attached, staged)) {
      throw new VolumeError('failed-precondition', `volume "${id}" is not staged at ${request.stagingPath}`)
    }
    const readOnly = request.readOnly || isReadOnly(request.access)
    if (await this.#isPublished(volume, attached, second, request.targetPath, readOnly)) return
    await this.#requireAlone(volume, second ? [attached, second] : [attached], request, staged)
    if (request.access.type === 'mount') {
      await this.#bind(request.stagingPath, request.targetPath, readOnly, 'directory')
    } else if (readOnly && !attached.readOnly) {
      await this.#bindReadOnlyDevice(volume, attached, second, request.targetPath, signal)
    } else {
      await this.#bind(attached.device.path, request.targetPath, false, 'file')
    }
  }

  /** Not published there, or an unknown volume: nothing to do but to remove the empty target. */
  async unpublish(id: string, targetPath: string, signal: AbortSignal): Promise<void> {
    const { catalog, locks, loops, mounts } = this.#on
    using _lock = await locks.acquire(id, signal)
    const { devices } = await remainsOf(catalog, loops, id)
    const published = await mounts.at(targetPath)
    if (published) {
      const isOurs =
        devices.length > 0 ? devices.some(({ device }) => shows(published, device)) : isLoopMount(published)
      if (!isOurs) throw occupied(targetPath, published)
      await unmountIdle(mounts, id, targetPath)
    }
    await removeTarget(targetPath)
    const [attached, readOnlyDevice] = devices
    if (attached && readOnlyDevice)
      await this.#releaseReadOnly(attached.device, readOnlyDevice.device, signal)
  }

  async #isPublished(
    volume: Volume,
    attached: LoopState,
    second: LoopState | undefined,
    targetPath: string,
    readOnly: boolean,
  ): Promise<boolean> {
    const published = await this.#on.mounts.at(targetPath)
    if (!published) return false
    const isSecond = second !== undefined && shows(published, second.device)
    if (!isSecond && !shows(published, attached.device)) throw occupied(targetPath, published)
    const publishedReadOnly = isFileSystem(published) ? published.readOnly : isSecond || attached.readOnly
    if (publishedReadOnly === readOnly) return true
    throw new VolumeError(
      'already-exists',
      `volume "${volume.id}" is published at ${targetPath} ${publishedReadOnly ? 'read-only' : 'read-write'} already`,
    )
  }

  /** CSI's table of second publishes: only SINGLE_NODE_MULTI_WRITER may have two targets. */
  async #requireAlone(
    volume: Volume,
    devices: readonly LoopState[],
    { access, targetPath }: PublishRequest,
    staged: MountEntry | undefined,
  ): Promise<void> {
    if (access.mode === 'SINGLE_NODE_MULTI_WRITER') return
    const entries = await this.#on.mounts.list()
    const uses = devices.flatMap(({ device }) => usesOf(device, entries))
    const other = uses.find(({ target }) => target !== staged?.target)
    if (!other) return
    throw new VolumeError(
      'failed-precondition',
      `volume "${volume.id}" is published at ${other.target}; ${access.mode} allows no second target ${targetPath}`,
    )
  }

  /**
   * Read-only users get a device of their own, on top of the volume's, so that even a privileged pod cannot
   * write.
   */
  async #attachReadOnly(volume: Volume, attached: LoopState, signal: AbortSignal): Promise<LoopDevice> {
    // Not direct: reads through the page cache of the device below see what its writers have just written.
    const options = {
      name: volume.id,
      readOnly: true,
      autoclear: false,
      directIo: 'off',
      sectorBytes: sectorBytesOf(volume),
    } as const
    await using attachment = await this.#on.loops.attach(attached.device.path, options, signal)
    return attachment.device
  }

  async #bindReadOnlyDevice(
    volume: Volume,
    attached: LoopState,
    second: LoopState | undefined,
    targetPath: string,
    signal: AbortSignal,
  ): Promise<void> {
    const device = second?.device ?? (await this.#attachReadOnly(volume, attached, signal))
    await using undo = new AsyncDisposableStack()
    undo.defer(() => this.#releaseReadOnly(attached.device, device, new AbortController().signal))
    await this.#bind(device.path, targetPath, false, 'file')
    undo.move()
  }

  async #releaseReadOnly(below: LoopDevice, readOnly: LoopDevice, signal: AbortSignal): Promise<void> {
    const { loops, mounts } = this.#on
    if (usesOf(readOnly, await mounts.list()).length === 0) await loops.detach(below.path, signal)
  }

  async #bind(
    source: string,
    targetPath: string,
    readOnly: boolean,
    kind: 'directory' | 'file',
  ): Promise<void> {
    const made = await makeTarget(targetPath, kind)
    try {
      await this.#on.mounts.bind(source, targetPath, { readOnly })
    } catch (error) {
      if (made) await removeTarget(targetPath)
      throw error
    }
  }
}

/** A block volume whose device is on its way out (autoclear) is not staged any more. */
function isStaged(access: Access, attached: LoopState, staged: MountEntry | undefined): boolean {
  if (access.type === 'block') return !attached.autoclear
  return staged !== undefined && shows(staged, attached.device)
}

function occupied(path: string, entry: MountEntry): VolumeError {
  return new VolumeError(
    'already-exists',
    `target_path ${path} is a mount of something else (${entry.source}, ${entry.fsType}); it is left as it is`,
  )
}
