import type { PoolConfig } from '../model/pool-config.ts'
import type { ImageFiles } from '../model/ports/image-files.ts'

/**
 * Thick volumes have all blocks allocated from the start, so that writes never need new ones. Not every pool
 * can guarantee that.
 * @returns why this pool cannot; undefined if it can
 */
export async function thickIncompatibility(
  { name, path, image }: Pick<PoolConfig, 'name' | 'path' | 'image'>,
  files: ImageFiles,
): Promise<string | undefined> {
  if (image) return `pool "${name}" is a sparse image, which allocates blocks when they are written`
  if (await files.keepsBlocks(path)) return undefined
  return `the file system of pool "${name}" allocates new blocks for overwritten data (btrfs, ZFS, bcachefs)`
}
