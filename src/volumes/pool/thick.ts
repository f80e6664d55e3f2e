import type { PoolConfig } from '../model/pool-config.ts'
import type { ImageFiles } from '../model/ports/image-files.ts'

/**
 * Thick volumes have all of their blocks from the start, so that nothing that is written to them needs any.
 * Not every pool can give them that.
 * @returns why this one cannot; undefined where it can
 */
export async function thickIncompatibility(
  { name, path, image }: Pick<PoolConfig, 'name' | 'path' | 'image'>,
  files: ImageFiles,
): Promise<string | undefined> {
  if (image) return `pool "${name}" is a sparse image, which takes its blocks when they are written`
  if (await files.keepsBlocks(path)) return undefined
  return `the file system of pool "${name}" takes new blocks for what is overwritten (btrfs, ZFS, bcachefs)`
}
