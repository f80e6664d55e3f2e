import { VolumeError } from '../errors.ts'
import type { LoopDevice, MountEntry } from '../ports.ts'

/**
 * True when the mount shows the device: its file system, or, for a raw block volume, its node. The kernel names the
 * node in the mount's root: `/loop3`, with a suffix when the node was removed meanwhile.
 */
export function shows(entry: MountEntry, device: LoopDevice): boolean {
  return entry.source === device.path || nodeNumber(entry) === device.number
}

/** True for a mount that some volume of ours can have made: a file system on a loop device, or a loop device's node. */
export function isLoopMount(entry: MountEntry): boolean {
  return /^\/.*\/loop\d+$/.test(entry.source) || nodeNumber(entry) !== undefined
}

/**
 * The mounts through which somebody uses the whole device. Mounts of directories inside (a pod's subPath) belong to
 * one of these and do not count.
 */
export function usesOf(device: LoopDevice, mounts: readonly MountEntry[]): MountEntry[] {
  const fileSystems = mounts.filter((entry) => entry.source === device.path && entry.root === '/')
  // Binds of a mounted device's node are not ours: somebody has left them of another device that had the number.
  if (fileSystems.length > 0) return fileSystems
  return mounts.filter((entry) => nodeNumber(entry) === device.number)
}

/** Where the file system on the device is mounted as a whole, as far as we see; a raw device in use has no such place. */
export function mountPointOf(device: LoopDevice, mounts: readonly MountEntry[]): string | undefined {
  return usesOf(device, mounts).find(({ root }) => root === '/')?.target
}

function nodeNumber(entry: MountEntry): number | undefined {
  const digits = /(?:^|\/)loop(\d+)(?:\/\/deleted)?$/.exec(entry.root)?.[1]
  return digits === undefined || entry.source.includes('/loop') ? undefined : Number(digits)
}

/** What a path that should be ours says when it is not. */
export function strange(volumeId: string, path: string, entry: MountEntry): VolumeError {
  return new VolumeError(
    'already-exists',
    `${path} is a mount of something else (${entry.source}, ${entry.fsType}), not of volume "${volumeId}"; it is left as it is`,
  )
}
