import { constants } from 'node:fs'
import { open } from 'node:fs/promises'
import { setTimeout } from 'node:timers/promises'
import { VolumeError, hasErrno } from '../../volumes/errors.ts'
import type { LoopDevice } from '../../volumes/ports.ts'
import type { LoopInfo } from './abi.ts'
import type { LoopNodes } from './device-nodes.ts'
import { clrFd, setStatus } from './device.ts'
import { isBackedBy, type BackingIdentity } from './identity.ts'
import { inspect, inspectNumber, type InventoryEntry } from './inventory.ts'

/** How long a detached device may stay busy, with udev or a reader of the partition table, before that is an error. */
const DETACH_PATIENCE_MS = 5000

/**
 * Detaches a device from this file, and waits until the kernel has let go.
 * @returns what the device was before; undefined when it was bound to nothing
 * @throws VolumeError failed-precondition while it is mounted, held, or open; it is then as it was
 */
export async function detach(
  nodes: LoopNodes,
  device: LoopDevice,
  identity: BackingIdentity,
  signal: AbortSignal,
): Promise<InventoryEntry | undefined> {
  const before = await inspectNumber(nodes, device.number)
  // With autoclear the last user takes it along; after an unmount that can be a copy of the mount in a dying namespace.
  if (before?.state.autoclear) await waitUntilGone(nodes, device, identity, signal)
  else if (before) await clearAndWait(nodes, device, identity, before.info, signal)
  return before
}

/** Exclusive opening is what mounts and device mapper do: it fails when one of them has the device, anywhere. */
export async function clear(device: LoopDevice, identity: BackingIdentity): Promise<void> {
  try {
    await withDevice(device, identity, constants.O_RDONLY | constants.O_EXCL, clrFd)
  } catch (error) {
    if (hasErrno(error, 'EBUSY')) throw busy(device, 'mounted or held')
    throw error
  }
}

async function clearAndWait(
  nodes: LoopNodes,
  device: LoopDevice,
  identity: BackingIdentity,
  before: LoopInfo,
  signal: AbortSignal,
): Promise<void> {
  await clear(device, identity)
  try {
    await waitUntilGone(nodes, device, identity, signal)
  } catch (error) {
    // LOOP_CLR_FD on a device that is open elsewhere turns autoclear on, so that it would vanish with the last user.
    await withDevice(device, identity, constants.O_RDONLY, (fd) => setStatus(fd, before))
    throw error
  }
}

async function waitUntilGone(
  nodes: LoopNodes,
  device: LoopDevice,
  identity: BackingIdentity,
  signal: AbortSignal,
): Promise<void> {
  const deadline = performance.now() + DETACH_PATIENCE_MS
  const isBound = async (): Promise<boolean> => isIt(await inspectNumber(nodes, device.number), identity)
  for (let pause = 1; await isBound(); pause = Math.min(2 * pause, 100)) {
    if (performance.now() > deadline) throw busy(device, 'mounted or open somewhere')
    await setTimeout(pause, undefined, { signal })
  }
}

/**
 * Works on the device while it has this file. Held open, it keeps its file; before that it may have vanished, and its number
 * become somebody else's.
 */
async function withDevice(
  { number, path }: LoopDevice,
  identity: BackingIdentity,
  flags: number,
  work: (fd: number) => Promise<void>,
): Promise<void> {
  try {
    await using handle = await open(path, flags)
    if (isIt(await inspect(number, path, handle), identity)) await work(handle.fd)
  } catch (error) {
    if (!hasErrno(error, 'ENXIO', 'ENOENT', 'ENODEV')) throw error
  }
}

function isIt(entry: InventoryEntry | undefined, identity: BackingIdentity): boolean {
  return entry !== undefined && isBackedBy(entry.info, identity)
}

function busy(device: LoopDevice, how: string): VolumeError {
  return new VolumeError('failed-precondition', `${device.path} is still ${how}; it is not detached`)
}
