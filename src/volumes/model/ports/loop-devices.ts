/**
 * A loop device as the kernel numbers it; `path` is its device node in this process's /dev and is never
 * stored.
 */
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
 * The sector size of a device. It is always given: the kernel's default depends on the image's file system.
 */
export type SectorBytes = 512 | 4096

export interface AttachOptions {
  /** Shown by `losetup -l` to people (lo_file_name): the volume's id, at most 63 bytes. */
  readonly name: string
  readonly readOnly: boolean
  /** The kernel detaches the device after the last unmount and close. */
  readonly autoclear: boolean
  readonly directIo: DirectIo
  readonly sectorBytes: SectorBytes
}

/**
 * A device that this process holds open. Disposing closes it: the kernel then detaches an unused device with
 * autoclear, so a failed or killed operation leaves nothing behind; without autoclear it stays attached.
 */
export interface Attachment extends AsyncDisposable {
  readonly device: LoopDevice
  /** Whether direct I/O is in effect. */
  readonly directIo: boolean
}

/** The state of an attached device in the kernel. */
export interface LoopState {
  readonly device: LoopDevice
  readonly name: string
  readonly readOnly: boolean
  readonly autoclear: boolean
  readonly directIo: boolean
  readonly sizeBytes: bigint
}

/** An orphaned device that is or may be in use. */
export interface RemainingDevice extends LoopState {
  /** The reason, as the rest of a sentence that begins with the device. */
  readonly why: string
}

/** The outcome of a sweep of orphaned devices. */
export interface SweptDevices {
  readonly detached: readonly LoopState[]
  readonly remaining: readonly RemainingDevice[]
  /** Devices whose backing file the kernel did not report, with the error. */
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
   * The device that the image is attached to, or undefined. For the image path of another loop device: the
   * device on top of it with the same name, because the kubelet attaches its own to each raw block volume of
   * a pod.
   */
  find(image: string): Promise<LoopState | undefined>
  /**
   * The devices of image files that were attached under this name, even if the image is deleted. It reads all
   * devices of the machine.
   */
  findNamed(name: string): Promise<LoopState[]>
  /**
   * Detaches the image's device and waits until the kernel has detached it. It does nothing if none is
   * attached.
   * @throws VolumeError failed-precondition while the device is mounted, held, or open, or its device node is
   * bind-mounted.
   */
  detach(image: string, signal: AbortSignal): Promise<void>
  /**
   * As `detach`, including all devices on top of the image's, even the kubelet's, which stay after a restart
   * of the node. It reads all devices of the machine only when the image's device is open.
   */
  detachWithAbove(image: string, signal: AbortSignal): Promise<void>
  /**
   * Detaches all devices that were attached under this name, for an image that can no longer be opened, and
   * that was in a directory of the same name. It reads all devices of the machine.
   * @throws VolumeError as `detach` does
   */
  detachNamed(name: string, signal: AbortSignal): Promise<void>
  /**
   * Call this at start-up and periodically. It learns where images are attached, and detaches orphaned
   * devices that are not mounted or open, with those on top of them. It reads all devices of the machine.
   * @param isOurs true for the name of a device of any node on this machine
   * @param isHere true for the name of a device of this node; by default all of ours are
   */
  detachOrphaned(isOurs: (name: string) => boolean, isHere?: (name: string) => boolean): Promise<SweptDevices>
  /** Writes out the kernel's page cache of the device. */
  flush(device: LoopDevice): Promise<void>
  /** A value that differs after any write to the device, finished or running. */
  writes(device: LoopDevice): string
  /** Turns direct I/O on or off while the device is in use. @returns whether it is on */
  setDirectIo(device: LoopDevice, on: boolean): Promise<boolean>
  /** Grows a device to the size of its image. */
  resize(device: LoopDevice): Promise<void>
}
