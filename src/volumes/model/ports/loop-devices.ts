/** A loop device as the kernel numbers it; `path` is its node in this process's /dev and is never stored. */
export interface LoopDevice {
  readonly number: number
  readonly path: string
}

/**
 * `on` fails where the file system of the image cannot do direct I/O; `auto` then falls back to the page
 * cache.
 */
export type DirectIo = 'auto' | 'on' | 'off'

/**
 * Of a device's sectors; never left to the kernel, which has it follow from what the image's file system can
 * do today.
 */
export type SectorBytes = 512 | 4096

export interface AttachOptions {
  /** Shown by `losetup -l` to people (lo_file_name): the volume's id, at most 63 bytes. */
  readonly name: string
  readonly readOnly: boolean
  /** The kernel detaches the device when its last user (mount or open file) is gone. */
  readonly autoclear: boolean
  readonly directIo: DirectIo
  readonly sectorBytes: SectorBytes
}

/**
 * A device that this process holds open. Disposing lets go of it: with autoclear an unused device is then
 * detached by the kernel, so a failed or killed operation leaves nothing behind; without autoclear it stays
 * attached.
 */
export interface Attachment extends AsyncDisposable {
  readonly device: LoopDevice
  /** What came out of the `directIo` wish. */
  readonly directIo: boolean
}

/** What the kernel says about an attached device. */
export interface LoopState {
  readonly device: LoopDevice
  readonly name: string
  readonly readOnly: boolean
  readonly autoclear: boolean
  readonly directIo: boolean
  readonly sizeBytes: bigint
}

/** A device that is left of an image, and that somebody uses, or may use. */
export interface RemainingDevice extends LoopState {
  /** What follows the name of the device in a sentence. */
  readonly why: string
}

/** Devices of images that have no name any more, so that nobody will ever ask for them. */
export interface SweptDevices {
  readonly detached: readonly LoopState[]
  readonly remaining: readonly RemainingDevice[]
  /** Those of which the kernel has not told what they are, and why. */
  readonly unknown: readonly string[]
}

/** Attaches image files (or, read-only, block devices) to loop devices. An image has one device at most. */
export interface LoopDevices {
  /**
   * @throws VolumeError failed-precondition when the image is attached already, here or anywhere on the
   * machine.
   */
  attach(image: string, options: AttachOptions, signal: AbortSignal): Promise<Attachment>
  /**
   * The device that the image is attached to, or undefined. Of the devices on top of another one that of the
   * same name: the kubelet attaches one of its own to each raw block volume that a pod uses.
   */
  find(image: string): Promise<LoopState | undefined>
  /**
   * The devices of image files that were attached under this name, also where the image has no name any more.
   * It looks at all devices of the machine.
   */
  findNamed(name: string): Promise<LoopState[]>
  /**
   * Detaches the image's device and waits until the kernel has let go. Nothing attached: nothing to do.
   * @throws VolumeError failed-precondition while the device is mounted, held, or open, or its node is
   * bind-mounted somewhere.
   */
  detach(image: string, signal: AbortSignal): Promise<void>
  /**
   * As `detach`, with all devices on top of the image's, whoever attached them: the kubelet leaves its own
   * when a node is restarted. It looks at all devices of the machine only when something has the image's
   * device open.
   */
  detachWithAbove(image: string, signal: AbortSignal): Promise<void>
  /**
   * Detaches all devices that were attached under this name, for an image that can no longer be opened, and
   * which lay in a directory of the same name. It looks at all devices of the machine.
   * @throws VolumeError as `detach` does
   */
  detachNamed(name: string, signal: AbortSignal): Promise<void>
  /**
   * To be called at start-up, and now and then: learns where images are attached, and detaches the devices
   * whose name is one of ours, whose file is unlinked, and which nobody has mounted or open, with those on
   * top of them. It looks at all devices of the machine.
   * @param isOurs for the name of a device of any node on this machine
   * @param isHere for that of a device of this node; by default all of ours are
   */
  detachOrphaned(isOurs: (name: string) => boolean, isHere?: (name: string) => boolean): Promise<SweptDevices>
  /** Writes out what the kernel has cached of the device's own content. */
  flush(device: LoopDevice): Promise<void>
  /** A figure that is another one after any write to the device, finished or under way. */
  writes(device: LoopDevice): string
  /** Turns direct I/O on or off while the device is in use. @returns what came out */
  setDirectIo(device: LoopDevice, on: boolean): Promise<boolean>
  /** Makes the device of a grown image as large as the image. */
  resize(device: LoopDevice): Promise<void>
}
