import { VolumeError } from '../model/errors.ts'
import type { LoopDevice, LoopDevices, LoopState } from '../model/ports/loop-devices.ts'
import type { MountEntry } from '../model/ports/mounts.ts'

/**
 * Finds the read-only device on top of a volume's own. Only a device without autoclear has one: its number
 * stays its own until it is detached.
 */
export async function findDevicesAbove(loops: LoopDevices, own: LoopState): Promise<LoopState[]> {
  const readOnly = own.autoclear ? undefined : await loops.find(own.device.path)
  return readOnly ? [readOnly] : []
}

/** True for a mount of the device: of its file system, or of its device node. */
export function isMountOf(device: LoopDevice, entry: MountEntry): boolean {
  return entry.loop?.number === device.number
}

/** True for a mount that may be of a volume: of a loop device's file system or device node. */
export function isLoopMount(entry: MountEntry): boolean {
  return entry.loop !== undefined
}

/**
 * True for a mount that may be of the volume. Without a readable device, that is every mount of a loop
 * device.
 */
export function mayBeMountOf(devices: readonly LoopState[], entry: MountEntry): boolean {
  if (devices.length === 0) return isLoopMount(entry)
  return devices.some(({ device }) => isMountOf(device, entry))
}

/** True for a mount of a loop device's file system, false for a device node and for all other mounts. */
export function isFileSystemMount(entry: MountEntry): boolean {
  return entry.loop?.as === 'file system'
}

/**
 * The mounts of the whole device. A mount of a directory inside (a pod's subPath) belongs to one of these and
 * does not count.
 */
export function mountsOf(device: LoopDevice, mounts: readonly MountEntry[]): MountEntry[] {
  const all = mounts.filter((entry) => isMountOf(device, entry))
  const fileSystems = all.filter((entry) => isFileSystemMount(entry) && entry.root === '/')
  // A bind mount of a mounted device's device node is stale: it dates from an earlier device with this
  // number.
  if (fileSystems.length > 0) return fileSystems
  return all.filter((entry) => !isFileSystemMount(entry))
}

/** The error for a mount that is not of the volume, at its staging or target path. */
export function unexpectedMount(volumeId: string, path: string, entry: MountEntry): VolumeError {
  return new VolumeError(
    'already-exists',
    `${path} is a mount of something else (${entry.source}, ${entry.fsType}), not of volume "${volumeId}"; it is left as it is`,
  )
}
