import { dirname } from 'node:path'
import { FILES_AT_ONCE, sideBySide } from '../../concurrency/side-by-side.ts'
import { larger, smaller } from '../../model/bytes.ts'
import { hasErrno, isTransient } from '../../model/errors.ts'
import type { PoolImageConfig } from '../../model/pool-config.ts'
import type { ImageFiles, Usage } from '../../model/ports/image-files.ts'

/** Measured sizes of a pool, in bytes. */
export interface PoolMeasurement {
  readonly freeBytes: bigint
  /** Allocated by the images of volumes and snapshots. */
  readonly allocatedBytes: bigint
  /** Allocated by the images of snapshots. */
  readonly snapshotBytes: bigint
  /** Allocated by each image, by the id of its volume or snapshot. */
  readonly imageBytes: ReadonlyMap<string, bigint>
}

/** All volumes, or all snapshots, of a pool. */
export interface Images {
  readonly ids: Iterable<string>
  /** The path of the image of an id. */
  readonly image: (id: string) => string
}

export interface PoolImages {
  readonly volumes: Images
  readonly snapshots: Images
}

/**
 * Measures everything at one time, because a write moves bytes from free to allocated. It costs a stat(2) per
 * image.
 */
export async function measurePool(
  { path, image }: { readonly path: string; readonly image?: PoolImageConfig | undefined },
  images: PoolImages,
  files: ImageFiles,
): Promise<PoolMeasurement> {
  const imageBytes = new Map<string, bigint>()
  const inVolumes = await addAllocated(imageBytes, images.volumes, files)
  const inSnapshots = await addAllocated(imageBytes, images.snapshots, files)
  const { bytes } = await files.usage(path)
  return {
    freeBytes: await freeBytes(image, bytes, files),
    // The sums count shared blocks more than once; the true value is at most what is in use.
    allocatedBytes: smaller(inVolumes + inSnapshots, bytes.used),
    snapshotBytes: smaller(inSnapshots, bytes.used),
    imageBytes,
  }
}

/** What a pool's disk has, without a look at its images. */
export async function measureDisk(
  { path, image }: { readonly path: string; readonly image?: PoolImageConfig | undefined },
  files: ImageFiles,
): Promise<{ readonly totalBytes: bigint; readonly freeBytes: bigint }> {
  const { bytes } = await files.usage(path)
  return { totalBytes: bytes.total, freeBytes: await freeBytes(image, bytes, files) }
}

/**
 * What images may still take from the disk until each is allocated as a whole, with blocks of its own. It
 * costs a look at all extents of an image, so no more images are measured once it is more than `limit`.
 * @returns undefined where overwriting takes new blocks as well
 */
export async function measureUntaken(
  path: string,
  { ids, image }: Images,
  limit: bigint,
  files: ImageFiles,
): Promise<bigint | undefined> {
  if (!(await files.keepsBlocks(path))) return undefined
  let sum = 0n
  await sideBySide(ids, FILES_AT_ONCE, async (id) => {
    if (sum > limit) return
    try {
      // Read the sum after waiting: others have added to it meanwhile.
      const missing = await files.missing(image(id))
      sum += missing
    } catch (error) {
      if (!hasErrno(error, 'ENOENT')) throw error
    }
  })
  return sum
}

/** A pool image is sparse: blocks that it has not allocated yet must still be free on the disk below it. */
async function freeBytes(
  image: PoolImageConfig | undefined,
  { available, used }: Usage,
  files: ImageFiles,
): Promise<bigint> {
  if (!image) return available
  const { file } = image
  const { allocated } = await files.size(file)
  const { bytes: disk } = await files.usage(dirname(file))
  return smaller(available, disk.available + larger(allocated - used, 0n))
}

/** @returns the sum */
async function addAllocated(
  imageBytes: Map<string, bigint>,
  { ids, image }: Images,
  files: ImageFiles,
): Promise<bigint> {
  let sum = 0n
  await sideBySide(ids, FILES_AT_ONCE, async (id) => {
    const allocated = await allocatedBy(image(id), files)
    imageBytes.set(id, allocated)
    sum += allocated
  })
  return sum
}

/** @returns 0 for an image that is deleted or damaged */
async function allocatedBy(image: string, files: ImageFiles): Promise<bigint> {
  try {
    return (await files.size(image)).allocated
  } catch (error) {
    if (isTransient(error)) throw error
    return 0n
  }
}
