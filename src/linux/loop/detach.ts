import { constants } from 'node:fs'
import { open, type FileHandle } from 'node:fs/promises'
import { setTimeout } from 'node:timers/promises'
import { VolumeError, hasErrno } from '../../volumes/model/errors.ts'
import type { LoopDevice } from '../../volumes/model/ports.ts'
import { LO_FLAGS_AUTOCLEAR, type LoopSettings } from '../abi/loop.ts'
import { clrFd, getStatus, setStatus } from './device.ts'
import { backingOf, isBackedBy, type BackingIdentity } from './identity.ts'
import { backingFile, inspect, type InventoryEntry } from './inventory.ts'
import type { ShownDevices } from './shown-devices.ts'

/**
 * How long a device may stay busy: with udev, a reader of the partition table, a mount in a dying namespace,
 * or the copy of a mount in a container that is being started.
 */
const PATIENCE_MS = 5000
const LONGEST_PAUSE_MS = 500

/**
 * Knows one device among all that can have its number. Asked while the device is open, which keeps it its
 * file; before that it may have vanished, and the number become somebody else's.
 * @returns what LOOP_SET_STATUS64 sets it back to; undefined for another one
 */
export type Recognizer = (device: LoopDevice, handle: FileHandle) => Promise<LoopSettings | undefined>

/** Knows a device by the file behind it. */
export function backedBy(identity: BackingIdentity): Recognizer {
  return async ({ number, path }, handle) => {
    const entry = await inspect(number, path, handle)
    return entry && isBackedBy(entry.info, identity) ? entry.info : undefined
  }
}

/**
 * Knows a device by the directory of this name that its file lies in, on a file system that has shut down.
 * There the kernel answers LOOP_GET_STATUS64 with EIO, so neither the file's identity nor the device's name
 * can be had; only the path is left. It belongs to some mount namespace or to none, but a volume's id in it
 * cannot be mistaken.
 */
export function inDirectory(name: string): Recognizer {
  return ({ number }) =>
    Promise.resolve(
      isInDirectory(number, name) ? { offset: 0n, sizeLimit: 0n, flags: 0, fileName: name } : undefined,
    )
}

export function isInDirectory(number: number, name: string): boolean {
  return backingFile(number)?.split('/').includes(name) ?? false
}

/** Finds which devices are shown at this moment. */
export type FindShown = () => Promise<ShownDevices>

/**
 * Detaches a device, and waits until the kernel has let go. The only way by which we let go of a device that
 * somebody could use.
 * @throws VolumeError failed-precondition when it is shown in a mount namespace, mounted, held, or open for
 * longer than a short
 *   use takes; it is then as it was
 */
export async function detach(
  device: LoopDevice,
  isIt: Recognizer,
  findShown: FindShown,
  signal: AbortSignal,
): Promise<void> {
  await waitUntilUnused(signal, async () => tryDetach(device, isIt, await findShown()))
}

/** A device to be detached, and what tells it from others that get its number. */
export interface Target {
  readonly device: LoopDevice
  readonly isIt: Recognizer
  /** The kernel lets go of such a device with its last user, whoever shows it. */
  readonly autoclear: boolean
}

export function targetOf({ state, info }: InventoryEntry): Target {
  return { device: state.device, isIt: backedBy(backingOf(info)), autoclear: state.autoclear }
}

/**
 * Detaches devices in this order: those on top of another one before it. While a mount shows one of them, all
 * are kept.
 * @throws VolumeError as `detach` does
 */
export async function detachAll(
  targets: readonly Target[],
  findShown: FindShown,
  signal: AbortSignal,
): Promise<void> {
  const lasting = targets.filter(({ autoclear }) => !autoclear)
  await waitUntilUnused(signal, async () => {
    const shown = await findShown()
    return lasting.map(({ device }) => shownUse(device, shown)).find((use) => use !== undefined)
  })
  for (const { device, isIt } of targets) await detach(device, isIt, findShown, signal)
}

/** How a device is used. */
export interface DeviceUse {
  readonly device: LoopDevice
  /** What follows "is" in a sentence. */
  readonly how: string
}

function shownUse(device: LoopDevice, shown: ShownDevices): DeviceUse | undefined {
  const target = shown.targetOf(device.number)
  return target === undefined ? undefined : { device, how: `shown at ${target}` }
}

/**
 * Most uses last a moment: a reader of the partition table closes the device, and a container that starts
 * drops the copies of all mounts that its namespace began with.
 */
async function waitUntilUnused(
  signal: AbortSignal,
  findUse: () => Promise<DeviceUse | undefined>,
): Promise<void> {
  const deadline = performance.now() + PATIENCE_MS
  for (let pause = 1; ; pause = Math.min(2 * pause, LONGEST_PAUSE_MS)) {
    const use = await findUse()
    if (!use) return
    if (performance.now() > deadline) {
      const { device, how } = use
      throw new VolumeError('failed-precondition', `${device.path} is still ${how}; it is not detached`)
    }
    await setTimeout(pause, undefined, { signal })
  }
}

/**
 * As `detach`, without waiting.
 *
 * Two questions are answered by the kernel, and nobody can come in between. Opened exclusively, as mounts and
 * device mapper do, the device is mounted or held nowhere. LOOP_CLR_FD on a device that others have open only
 * turns autoclear on, which is taken back at once: it would vanish with the last of them, and its number go
 * to another file that somebody shows. A bind of its node is no use that the kernel knows, so that is looked
 * for.
 *
 * @returns how it is used; undefined when it is detached now, or was another one
 */
export async function tryDetach(
  device: LoopDevice,
  isIt: Recognizer,
  shown: ShownDevices,
): Promise<DeviceUse | undefined> {
  try {
    await using handle = await open(device.path, constants.O_RDONLY | constants.O_EXCL)
    const before = await isIt(device, handle)
    if (!before) return undefined
    // The kernel lets go of one with autoclear whoever shows it.
    const isKept = (before.flags & LO_FLAGS_AUTOCLEAR) === 0
    const use = isKept ? shownUse(device, shown) : undefined
    if (use) return use
    await clrFd(handle.fd)
    if (!(await keepsFile(handle))) return undefined
    if (isKept) await setStatus(handle.fd, before)
    return { device, how: 'open somewhere' }
  } catch (error) {
    if (hasErrno(error, 'EBUSY')) return { device, how: 'mounted or held' }
    if (hasErrno(error, 'ENXIO', 'ENOENT', 'ENODEV')) return undefined
    throw error
  }
}

/**
 * ENXIO is the answer of a device that has no file, or is losing it; all others have one, even if it cannot
 * be looked at.
 */
async function keepsFile({ fd }: FileHandle): Promise<boolean> {
  try {
    await getStatus(fd)
    return true
  } catch (error) {
    return !hasErrno(error, 'ENXIO')
  }
}
