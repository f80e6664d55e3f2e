import type { CapacityRange } from '../model/capacity-range.ts'
import { VolumeError } from '../model/errors.ts'
import type { LoopDevice, MountEntry } from '../model/ports.ts'
import type { Provisioner } from './provisioner.ts'
import type { NodeDependencies } from '../state/dependencies.ts'
import { growMounted } from '../state/grow-mounted.ts'
import { isFileSystem, shows, usesOf } from '../machine/uses.ts'
import type { Volume } from '../model/volume.ts'

/** Makes a volume that is in use on the node as large, in all its layers, as it should be. */
export class NodeGrowth {
  readonly #on: NodeDependencies
  readonly #provisioner: Provisioner

  constructor(dependencies: NodeDependencies, provisioner: Provisioner) {
    this.#on = dependencies
    this.#provisioner = provisioner
  }

  /**
   * Grows image and device where that has not happened yet, then the file system, which stays in use
   * meanwhile.
   * @param path where the volume is staged or published
   * @throws VolumeError not-found when the volume is not there; out-of-range when there is no room;
   * failed-precondition when its file system would have to grow and is mounted for reading only
   */
  async expand(id: string, path: string, range: CapacityRange, signal: AbortSignal): Promise<Volume> {
    const { catalog, fileSystems, locks } = this.#on
    // Looked at before anything grows, and again under the lock.
    await this.#mountAt(catalog.get(id), path)
    const volume = await this.#provisioner.expand(id, range, signal)
    using _lock = await locks.acquire(id, signal)
    const { device, mount } = await this.#mountAt(volume, path)
    if (!mount) return volume
    const writable = mount.readOnly ? await this.#writableMount(device) : path
    if (writable !== undefined) {
      const growing = growMounted(this.#on, volume, device, writable, signal)
      await catalog.pool(volume.pool).space.orFull('out-of-range', growing)
    } else if (await fileSystems.hasRoomToGrow(volume.fsType, device.path)) throw readOnly(volume, path)
    return volume
  }

  /**
   * A pod that only reads has a read-only bind mount of a file system that may well be mounted for writing
   * elsewhere.
   */
  async #writableMount(device: LoopDevice): Promise<string | undefined> {
    const uses = usesOf(device, await this.#on.mounts.list())
    return uses.find((entry) => isFileSystem(entry) && !entry.readOnly)?.target
  }

  /** The device, and, unless it is used raw, the mount at the path. @throws VolumeError when there is none */
  async #mountAt(
    volume: Volume,
    path: string,
  ): Promise<{ device: LoopDevice; mount: MountEntry | undefined }> {
    const { catalog, loops, mounts } = this.#on
    const attached = await loops.find(await catalog.wholeImage(volume))
    if (!attached) {
      throw new VolumeError('failed-precondition', `volume "${volume.id}" is not staged on this node`)
    }
    const { autoclear, device } = attached
    if (!autoclear) return { device, mount: undefined }
    const mount = await mounts.at(path)
    if (!mount || !shows(mount, device)) {
      throw new VolumeError('not-found', `volume "${volume.id}" is not at volume_path ${path}`)
    }
    return { device, mount }
  }
}

function readOnly({ fsType, id }: Volume, path: string): VolumeError {
  return new VolumeError(
    'failed-precondition',
    `volume "${id}" has its new size, but its ${fsType} is mounted read-only at ${path} and cannot grow; it grows when the volume is next staged for writing`,
  )
}
