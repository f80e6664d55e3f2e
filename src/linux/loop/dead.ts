import { constants, open } from 'node:fs/promises'
import { setTimeout } from 'node:timers/promises'
import { VolumeError, hasErrno } from '../../volumes/errors.ts'
import type { DeviceNodes } from './device-nodes.ts'
import { clrFd } from './device.ts'
import { backingFile, existingNumbers } from './inventory.ts'

/** How long a device may stay in use, with a copy of its mount in a dying namespace, before that is an error. */
const PATIENCE_MS = 5000
const PAUSE_MS = 50

/**
 * Detaches the devices whose file lies in a directory of this name, on a file system that has shut down. There the kernel
 * answers LOOP_GET_STATUS64 with EIO, so neither the file's identity nor the device's name can be had; only the path is
 * left. It belongs to some mount namespace or to none, but a volume's id in it cannot be mistaken.
 * @throws VolumeError failed-precondition while one is mounted or held
 */
export async function detachDead(nodes: DeviceNodes, directory: string, signal: AbortSignal): Promise<void> {
  const isIn = (number: number): boolean => backingFile(number)?.split('/').includes(directory) ?? false
  const deadline = performance.now() + PATIENCE_MS
  for (const number of await existingNumbers()) {
    while (isIn(number)) {
      const path = await nodes.loop(number)
      if (await clear(path, () => isIn(number))) break
      if (performance.now() > deadline) {
        throw new VolumeError('failed-precondition', `${path} is still mounted or held; it is not detached`)
      }
      await setTimeout(PAUSE_MS, undefined, { signal })
    }
  }
}

/** @returns false while the device is in use */
async function clear(path: string, isStillIt: () => boolean): Promise<boolean> {
  try {
    await using device = await open(path, constants.O_RDONLY | constants.O_EXCL)
    if (isStillIt()) await clrFd(device.fd)
    return true
  } catch (error) {
    if (hasErrno(error, 'EBUSY')) return false
    if (hasErrno(error, 'ENXIO', 'ENOENT', 'ENODEV')) return true
    throw error
  }
}
