import { VolumeError } from '../model/errors.ts'
import type { LoopDevice, MountEntry } from '../model/ports.ts'

/** True when the mount shows the device: its file system, or, for a raw block volume, its node. */
export function shows(entry: MountEntry, device: LoopDevice): boolean {
  return entry.loop?.number === device.number
}

/**
 * True for a mount that some volume of ours can have made: a file system on a loop device, or a loop device's
 * node.
 */
export function isLoopMount(entry: MountEntry): boolean {
  return entry.loop !== undefined
}

/**
 * The mounts through which somebody uses the whole device. Mounts of directories inside (a pod's subPath)
 * belong to one of these and do not count.
 */
export function usesOf(device: LoopDevice, mounts: readonly MountEntry[]): MountEntry[] {
  const ours = mounts.filter((entry) => shows(entry, device))
  const fileSystems = ours.filter((entry) => isFileSystem(entry) && entry.root === '/')
  // Binds of a mounted device's node are not ours: they date from an earlier device with the number.
  if (fileSystems.length > 0) return fileSystems
  return ours.filter((entry) => !isFileSystem(entry))
}

/** True for a mount of a loop device's file system, false for a device's node and for all other mounts. */
export function isFileSystem(entry: MountEntry): boolean {
  return entry.loop?.as === 'file system'
}

/** What a path that should be ours says when it is not. */
export function strange(volumeId: string, path: string, entry: MountEntry): VolumeError {
  return new VolumeError(
    'already-exists',
    `${path} is a mount of something else (${entry.source}, ${entry.fsType}), not of volume "${volumeId}"; it is left as it is`,
  )
}
