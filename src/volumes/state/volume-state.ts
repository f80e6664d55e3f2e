import { isMountOf, mountsOf } from '../machine/attachments.ts'
import type { LoopState } from '../model/ports/loop-devices.ts'
import type { MountEntry, Mounts, OpenFileSystem } from '../model/ports/mounts.ts'
import type { Volume } from '../model/volume.ts'

/**
 * What a volume's own device is attached for. The kernel detaches the device of a file system (autoclear)
 * after the last unmount; the driver detaches that of a raw block volume.
 */
export type AttachmentKind = 'none' | 'file system' | 'raw'

/** What can write to a volume. */
export type Writers =
  | { readonly by: 'none' }
  /** Can be frozen. The caller closes it. */
  | { readonly by: 'file system'; readonly device: LoopState; readonly fileSystem: OpenFileSystem }
  /** Cannot be frozen. */
  | { readonly by: 'raw device'; readonly device: LoopState }

/** The devices and mounts of the machine: current, or as a command has listed them for many volumes. */
export interface StateSource {
  /** The device of an image. */
  findDevice(image: string): Promise<LoopState | undefined>
  /** The devices of ours on top of an image's device. */
  findDevicesAbove(own: LoopState, image: string): Promise<readonly LoopState[]>
  listMounts(): Promise<readonly MountEntry[]>
}

/**
 * The observed state of a volume on this node: its record, image, devices and mounts. Devices and mounts are
 * read when first asked for, and not again. The driver observes a volume while it holds the volume's lock;
 * the state is valid until the holder attaches, detaches or mounts something. Commands for operators hold no
 * lock, so for them it may be out of date at once.
 */
export class VolumeState {
  readonly volume: Volume
  /** The path of the image. */
  readonly image: string
  readonly #source: StateSource
  #device: Promise<LoopState | undefined> | undefined
  #above: Promise<readonly LoopState[]> | undefined
  #mounts: Promise<readonly MountEntry[]> | undefined

  constructor(volume: Volume, image: string, source: StateSource) {
    this.volume = volume
    this.image = image
    this.#source = source
  }

  /** The volume's own device first, then the read-only device on top of it. */
  async devices(): Promise<readonly LoopState[]> {
    const own = await this.device()
    if (!own) return []
    return [own, ...(await (this.#above ??= this.#source.findDevicesAbove(own, this.image)))]
  }

  /** The volume's own device. Operations on all volumes ask for no more: a search may read all devices. */
  device(): Promise<LoopState | undefined> {
    return (this.#device ??= this.#source.findDevice(this.image))
  }

  async attachment(): Promise<AttachmentKind> {
    return attachmentOf(await this.device())
  }

  /** The entry, when it is a mount of this volume; undefined for every other. */
  async onlyOwn(entry: MountEntry | undefined): Promise<MountEntry | undefined> {
    const devices = await this.devices()
    return entry && devices.some(({ device }) => isMountOf(device, entry)) ? entry : undefined
  }

  /** All mounts of the whole volume, in this mount namespace. */
  async mounts(): Promise<MountEntry[]> {
    const devices = await this.devices()
    if (devices.length === 0) return []
    const mounts = await (this.#mounts ??= this.#source.listMounts())
    return devices.flatMap(({ device }) => mountsOf(device, mounts))
  }
}

/** @param mayFreeze false for a raw block volume, whose content may be a pod's own file system */
export async function openWriters(
  mounts: Pick<Mounts, 'openFileSystem'>,
  state: VolumeState,
  mayFreeze: boolean,
): Promise<Writers> {
  const device = await state.device()
  if (!device) return { by: 'none' }
  const fileSystem = mayFreeze ? await mounts.openFileSystem(device.device, device.name) : undefined
  return fileSystem ? { by: 'file system', device, fileSystem } : { by: 'raw device', device }
}

/** @param own the volume's own device */
export function attachmentOf(own: LoopState | undefined): AttachmentKind {
  if (!own) return 'none'
  return own.autoclear ? 'file system' : 'raw'
}
