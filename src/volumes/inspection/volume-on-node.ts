import { isFileSystemMount, mountsOf } from '../machine/attachments.ts'
import type { FileSystemUsage, ImageFiles } from '../model/ports/image-files.ts'
import type { LoopState } from '../model/ports/loop-devices.ts'
import type { MountEntry } from '../model/ports/mounts.ts'
import type { Volume } from '../model/volume.ts'
import { volumeImage, type PoolOnDisk } from './pool-on-disk.ts'

/** A volume with what the kernel knows of it. */
export interface VolumeOnNode {
  readonly volume: Volume
  readonly image: string
  /** What the image takes on the disk. */
  readonly allocatedBytes: bigint
  /** Its own device, then those on top of it. */
  readonly devices: readonly LoopState[]
  /** Where the whole of it is mounted, or its device bound, in this mount namespace. */
  readonly mounts: readonly MountEntry[]
  /** How full its file system is; undefined where that is not mounted, or does not answer. */
  readonly usage: FileSystemUsage | undefined
}

export interface NodeState {
  readonly files: ImageFiles
  readonly mounts: readonly MountEntry[]
  /** The devices that show an image, its own first. */
  readonly devicesOf: (image: string) => Promise<LoopState[]>
}

/** @returns undefined for a volume that was deleted meanwhile */
export async function lookAtVolume(
  pool: PoolOnDisk,
  volume: Volume,
  node: NodeState,
): Promise<VolumeOnNode | undefined> {
  const image = volumeImage(pool, volume.id)
  const size = await orUndefined(node.files.size(image))
  if (!size) return undefined
  const devices = await node.devicesOf(image)
  const mounts = devices.flatMap(({ device }) => mountsOf(device, node.mounts))
  const mountPoint = mounts.find(isFileSystemMount)?.target
  const usage = mountPoint === undefined ? undefined : await orUndefined(node.files.usage(mountPoint))
  return { volume, image, allocatedBytes: size.allocated, devices, mounts, usage }
}

async function orUndefined<T>(result: Promise<T>): Promise<T | undefined> {
  try {
    return await result
  } catch {
    return undefined
  }
}
