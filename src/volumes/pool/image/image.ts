import { hasErrno } from '../../model/errors.ts'
import type { PoolImageConfig } from '../../model/pool-config.ts'
import type { ImageFiles } from '../../model/ports.ts'
import { PoolUnreachableError } from '../gate/unreachable.ts'

/**
 * Passes while the file is there.
 * @throws PoolUnreachableError when it is gone, also while its content is still mounted and seems to be well
 */
export async function requireImage(
  files: ImageFiles,
  pool: string,
  { file }: PoolImageConfig,
): Promise<void> {
  try {
    await files.size(file)
  } catch (error) {
    if (!hasErrno(error, 'ENOENT', 'ENOTDIR')) throw error
    throw new PoolUnreachableError(
      'PoolImageMissing',
      `pool "${pool}": ${file} is gone; mount the disk that it is on, or restore it. What of it is still mounted is lost with the last unmount: save that first`,
      { cause: error },
    )
  }
}
