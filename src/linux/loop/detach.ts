import { constants } from 'node:fs'
import { open, type FileHandle } from 'node:fs/promises'
import { setTimeout } from 'node:timers/promises'
import { hasErrno, VolumeError } from '../../volumes/model/errors.ts'
import type { LoopDevice } from '../../volumes/model/ports/loop-devices.ts'
import { LO_FLAGS_AUTOCLEAR, type LoopSettings } from '../abi/loop.ts'
import { backingOf, clrFd, getStatus, isBackedBy, setStatus, type BackingIdentity } from './device.ts'
import { backingFile, inspect, isAnswered, type InventoryEntry } from './inventory.ts'
import type { MountedDevices } from './mounted-devices.ts'

/**
 * How long a device may stay busy: with udev, a reader of the partition table, a mount in a dying namespace,
 * or the copy of a mount in a container that is starting.
 */
const BUSY_LIMIT_MS = 5000
const MAX_PAUSE_MS = 500

/**
 * Distinguishes a device from later ones with its number. Called while the device is open, which keeps its
 * file attached; before that the device may have been detached, and its number given to another file.
 * @returns the settings to restore with LOOP_SET_STATUS64; undefined for another device
 */
export type DeviceMatcher = (device: LoopDevice, handle: FileHandle) => Promise<LoopSettings | undefined>

/** Matches a device by its backing file. */
export function backedBy(identity: BackingIdentity): DeviceMatcher {
  return async ({ number, path }, handle) => {
    const entry = await inspect(number, path, handle)
    return entry && isBackedBy(entry.info, identity) ? entry.info : undefined
  }
}

/**
 * Matches a device by a directory in the path of its backing file, for file systems that have shut down.
 * There LOOP_GET_STATUS64 fails with EIO, so neither the file's identity nor the device's name can be read.
 * The path may be that of another mount namespace, but a volume's id in it is unique.
 */
export function inDirectory(name: string): DeviceMatcher {
  return ({ number }) =>
    Promise.resolve(
      isInDirectory(number, name) ? { offset: 0n, sizeLimit: 0n, flags: 0, fileName: name } : undefined,
    )
}

export function isInDirectory(number: number, name: string): boolean {
  return backingFile(number)?.split('/').includes(name) ?? false
}

/** Reads which devices are mounted now, or have their device node bind-mounted. */
export type ReadMounted = () => Promise<MountedDevices>

/**
 * Detaches a device, and waits until the kernel has released its file. Every device that could be in use is
 * detached this way.
 * @throws VolumeError failed-precondition when it stays mounted, bind-mounted, held, or open for longer than
 * BUSY_LIMIT_MS; it is then as it was
 */
export async function detach(
  device: LoopDevice,
  matches: DeviceMatcher,
  readMounted: ReadMounted,
  signal: AbortSignal,
): Promise<void> {
  await waitUntilUnused(signal, async () => tryDetach(device, matches, await readMounted()))
}

/** A device to be detached, and how to distinguish it from later ones with its number. */
export interface Target {
  readonly device: LoopDevice
  readonly matches: DeviceMatcher
  /** The kernel detaches it after the last unmount and close, even while its device node is bind-mounted. */
  readonly autoclear: boolean
}

export function targetOf({ state, info }: InventoryEntry): Target {
  return { device: state.device, matches: backedBy(backingOf(info)), autoclear: state.autoclear }
}

/**
 * Detaches devices in this order, in which those on top of another one come before it. While one of them is
 * mounted or bind-mounted, all stay attached.
 * @throws VolumeError as `detach` does
 */
export async function detachAll(
  targets: readonly Target[],
  readMounted: ReadMounted,
  signal: AbortSignal,
): Promise<void> {
  const lasting = targets.filter(({ autoclear }) => !autoclear)
  await waitUntilUnused(signal, async () => {
    const mounted = await readMounted()
    return lasting.map(({ device }) => mountUse(device, mounted)).find((use) => use !== undefined)
  })
  for (const { device, matches } of targets) await detach(device, matches, readMounted, signal)
}

/** How a device is used. */
export interface DeviceUse {
  readonly device: LoopDevice
  /** The rest of a sentence after "is". */
  readonly how: string
}

function mountUse(device: LoopDevice, mounted: MountedDevices): DeviceUse | undefined {
  const target = mounted.targetOf(device.number)
  return target === undefined ? undefined : { device, how: `mounted at ${target}` }
}

/**
 * Most uses last a moment: a reader of the partition table closes the device, and a container that starts
 * drops the copies of all mounts that its namespace began with.
 */
async function waitUntilUnused(
  signal: AbortSignal,
  findUse: () => Promise<DeviceUse | undefined>,
): Promise<void> {
  const deadline = performance.now() + BUSY_LIMIT_MS
  for (let pause = 1; ; pause = Math.min(2 * pause, MAX_PAUSE_MS)) {
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
 * The device is matched before it is opened exclusively: its number may be another program's by now, whose
 * mount would fail with EBUSY in that moment. While it is open its number stays its own.
 *
 * The kernel answers two questions without a race. An exclusive open, as mount(2) and device mapper do it,
 * fails while the device is mounted or held anywhere. LOOP_CLR_FD on a device that is open elsewhere only
 * turns autoclear on. That is turned off again at once: otherwise the kernel would detach the device after
 * its last close, and its number would go to another file while the node is still bind-mounted. The kernel
 * does not count a bind mount of the node as a use, so the mounts are read for it.
 *
 * @returns how it is used; undefined when it is detached now, or was another device
 */
export async function tryDetach(
  device: LoopDevice,
  matches: DeviceMatcher,
  mounted: MountedDevices,
): Promise<DeviceUse | undefined> {
  try {
    await using found = await open(device.path, 'r')
    const { before, isKnown } = await settingsOf(device, found, matches)
    if (!isKnown) return { device, how: 'on a file system that does not answer' }
    if (!before) return undefined
    await using handle = await open(device.path, constants.O_RDONLY | constants.O_EXCL)
    // Else LOOP_CLR_FD would count it as another user.
    await found.close()
    // With autoclear the kernel detaches the device even while its node is bind-mounted.
    const isKept = (before.flags & LO_FLAGS_AUTOCLEAR) === 0
    const use = isKept ? mountUse(device, mounted) : undefined
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

/** What the matcher returns, unless the file system of the device's file does not answer. */
async function settingsOf(
  device: LoopDevice,
  handle: FileHandle,
  matches: DeviceMatcher,
): Promise<{ readonly before: LoopSettings | undefined; readonly isKnown: boolean }> {
  let before: LoopSettings | undefined
  const isKnown = await isAnswered(device.number, async () => {
    before = await matches(device, handle)
  })
  return { before, isKnown }
}

/** ENXIO means a device without a file, or one that is being detached. After other errors it has a file. */
async function keepsFile({ fd }: FileHandle): Promise<boolean> {
  try {
    await getStatus(fd)
    return true
  } catch (error) {
    return !hasErrno(error, 'ENXIO')
  }
}
