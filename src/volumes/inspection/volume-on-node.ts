import { isFileSystemMount } from '../machine/attachments.ts'
import type { FileSystemUsage, ImageFiles } from '../model/ports/image-files.ts'
import type { LoopState } from '../model/ports/loop-devices.ts'
import type { MountEntry } from '../model/ports/mounts.ts'
import type { Volume } from '../model/volume.ts'
import { VolumeState, type StateSource } from '../state/volume-state.ts'
import { volumeImage, type PoolOnDisk } from './pool-on-disk.ts'

/**
 * A volume as the commands for operators print it: its state as the driver observes it, all of it read, and
 * its sizes, which no operation of the driver needs.
 */
export interface VolumeOnNode {
  readonly volume: Volume
  readonly image: string
  /** What the image takes on the disk. */
  readonly allocatedBytes: bigint
  /** Its own device, then those on top of it. More than one of its own, where another program attached it. */
  readonly devices: readonly LoopState[]
  /** Where the whole of it is mounted, or its device bound, in this mount namespace. */
  readonly mounts: readonly MountEntry[]
  /** How full its file system is; undefined where that is not mounted, or does not answer. */
  readonly usage: FileSystemUsage | undefined
}

/**
 * Observes a volume without its lock: another process may own it.
 * @returns undefined for a volume that was deleted meanwhile
 */
export async function observeVolume(
  pool: PoolOnDisk,
  volume: Volume,
  files: ImageFiles,
  source: StateSource,
): Promise<VolumeOnNode | undefined> {
  const image = volumeImage(pool, volume.id)
  const size = await orUndefined(files.size(image))
  if (!size) return undefined
  const state = new VolumeState(volume, image, source)
  const devices = await state.devices()
  const mounts = await state.mounts()
  const mountPoint = mounts.find(isFileSystemMount)?.target
  const usage = mountPoint === undefined ? undefined : await orUndefined(files.usage(mountPoint))
  return { volume, image, allocatedBytes: size.allocated, devices, mounts, usage }
}

async function orUndefined<T>(result: Promise<T>): Promise<T | undefined> {
  try {
    return await result
  } catch {
    return undefined
  }
}
