import { constants, open } from 'node:fs/promises'
import { VolumeError, hasErrno } from '../../volumes/errors.ts'
import type { DeviceNodes } from './device-nodes.ts'
import { clrFd } from './device.ts'
import { backingFile, existingNumbers } from './inventory.ts'

/**
 * Detaches the devices whose file lies in a directory of this name, on a file system that has shut down. There the kernel
 * answers LOOP_GET_STATUS64 with EIO, so neither the file's identity nor the device's name can be had; only the path is
 * left. It belongs to some mount namespace or to none, but a volume's id in it cannot be mistaken.
 * @throws VolumeError failed-precondition while one is mounted or held
 */
export async function detachDead(nodes: DeviceNodes, directory: string): Promise<void> {
  const isIn = (number: number): boolean => backingFile(number)?.split('/').includes(directory) ?? false
  for (const number of await existingNumbers()) {
    if (!isIn(number)) continue
    const path = await nodes.loop(number)
    try {
      await using device = await open(path, constants.O_RDONLY | constants.O_EXCL)
      if (isIn(number)) await clrFd(device.fd)
    } catch (error) {
      if (hasErrno(error, 'EBUSY')) {
        throw new VolumeError('failed-precondition', `${path} is still mounted or held; it is not detached`)
      }
      if (!hasErrno(error, 'ENXIO', 'ENOENT', 'ENODEV')) throw error
    }
  }
}
