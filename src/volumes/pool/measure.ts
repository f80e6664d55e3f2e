import { dirname } from 'node:path'
import { larger, smaller } from '../bytes.ts'
import type { ImageFiles, Usage } from '../ports.ts'
import type { PoolImageConfig } from './image.ts'

/** What the disk says of a pool, in bytes. */
export interface PoolMeasurement {
  readonly freeBytes: bigint
  /** What the images of volumes and snapshots take. */
  readonly allocatedBytes: bigint
  /** What those of snapshots take. */
  readonly snapshotBytes: bigint
  /** What each image takes, by its path. */
  readonly imageBytes: ReadonlyMap<string, bigint>
}

/** The paths of a pool's images. */
export interface PoolImages {
  readonly volumes: readonly string[]
  readonly snapshots: readonly string[]
}

/** All figures at one time: a byte that a volume writes moves from free to allocated. It costs a stat(2) per image. */
export async function measurePool(
  { path, image }: { readonly path: string; readonly image?: PoolImageConfig | undefined },
  images: PoolImages,
  files: ImageFiles,
): Promise<PoolMeasurement> {
  const [volumes, snapshots] = await Promise.all([
    allocatedBy(images.volumes, files),
    allocatedBy(images.snapshots, files),
  ])
  const [inVolumes, inSnapshots] = [sumOf(volumes), sumOf(snapshots)]
  const { bytes } = await files.usage(path)
  return {
    freeBytes: image ? await reallyFree(image, bytes, files) : bytes.available,
    // Blocks that images share are in the sums more than once; together they cannot have more than is in use.
    allocatedBytes: smaller(inVolumes + inSnapshots, bytes.used),
    snapshotBytes: smaller(inSnapshots, bytes.used),
    imageBytes: new Map([...volumes, ...snapshots]),
  }
}

/** A pool image is sparse: what it has not written yet must still be had from the disk that its file is on. */
async function reallyFree(
  { file }: PoolImageConfig,
  { available, used }: Usage,
  files: ImageFiles,
): Promise<bigint> {
  const { allocated } = await files.size(file)
  const { bytes: disk } = await files.usage(dirname(file))
  return smaller(available, disk.available + larger(allocated - used, 0n))
}

type ImageBytes = readonly [image: string, bytes: bigint]

async function allocatedBy(images: readonly string[], files: ImageFiles): Promise<ImageBytes[]> {
  const ofOne = async (image: string): Promise<ImageBytes> => {
    try {
      return [image, (await files.size(image)).allocated]
    } catch {
      return [image, 0n]
    }
  }
  return Promise.all(images.map(ofOne))
}

function sumOf(images: readonly ImageBytes[]): bigint {
  return images.reduce((sum, [, bytes]) => sum + bytes, 0n)
}
