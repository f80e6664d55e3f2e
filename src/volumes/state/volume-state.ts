import { allOf, findDevices, isMountOf, mountsOf, type Devices } from '../machine/attachments.ts'
import type { LoopDevices, LoopState } from '../model/ports/loop-devices.ts'
import type { MountEntry, Mounts, OpenFileSystem } from '../model/ports/mounts.ts'
import type { Volume } from '../model/volume.ts'

/**
 * What a volume's own device is attached for. The kernel detaches the device of a file system by itself
 * (autoclear) after the last unmount; that of a raw volume stays until it is detached.
 */
export type AttachmentKind = 'none' | 'file system' | 'raw'

/** What can write to a volume. */
export type Writers =
  | { readonly by: 'none' }
  /** Can be frozen. The caller closes it. */
  | { readonly by: 'file system'; readonly device: LoopState; readonly fileSystem: OpenFileSystem }
  /** Cannot be held up. */
  | { readonly by: 'raw device'; readonly device: LoopState }

/**
 * A volume as it is on this node: its record, its image, its devices and its mounts. Devices and mounts are read
 * from the kernel when first asked for, and not again. It is valid while the volume's lock is held, until the
 * holder attaches, detaches or mounts something.
 */
export class VolumeState {
  readonly volume: Volume
  /** The path of the image. */
  readonly image: string
  readonly #loops: LoopDevices
  readonly #mounts: Mounts
  #devices: Promise<Devices> | undefined
  #list: Promise<MountEntry[]> | undefined

  constructor(volume: Volume, image: string, loops: LoopDevices, mounts: Mounts) {
    this.volume = volume
    this.image = image
    this.#loops = loops
    this.#mounts = mounts
  }

  devices(): Promise<Devices> {
    return (this.#devices ??= findDevices(this.#loops, this.image))
  }

  /** The volume's own device. */
  async device(): Promise<LoopState | undefined> {
    return (await this.devices()).own
  }

  async attachment(): Promise<AttachmentKind> {
    return attachmentOf(await this.device())
  }

  /** What is mounted at a path, when it is this volume; undefined for everything else. */
  async mountAt(path: string): Promise<MountEntry | undefined> {
    const entry = await this.#mounts.at(path)
    const devices = allOf(await this.devices())
    return entry && devices.some(({ device }) => isMountOf(device, entry)) ? entry : undefined
  }

  /** All mounts through which the whole volume is used, in this mount namespace. */
  async mounts(): Promise<MountEntry[]> {
    const devices = allOf(await this.devices())
    if (devices.length === 0) return []
    const list = await (this.#list ??= this.#mounts.list())
    return devices.flatMap(({ device }) => mountsOf(device, list))
  }

  /**
   * @param mayFreeze false for a raw volume, whose content may be a file system of somebody else
   */
  async writers(mayFreeze: boolean): Promise<Writers> {
    const device = await this.device()
    if (!device) return { by: 'none' }
    const fileSystem = mayFreeze ? await this.#mounts.openFileSystem(device.device) : undefined
    return fileSystem ? { by: 'file system', device, fileSystem } : { by: 'raw device', device }
  }
}

/** @param own the volume's own device */
export function attachmentOf(own: LoopState | undefined): AttachmentKind {
  if (!own) return 'none'
  return own.autoclear ? 'file system' : 'raw'
}
