import { hasErrno } from '../../volumes/errors.ts'
import { FICLONE } from '../file-abi.ts'
import { ioctl } from '../libc.ts'
import type { OpenFile } from './open-file.ts'

/**
 * Makes the target share all blocks of the source (FICLONE), in one step that either happens or does not.
 * @returns false where the file system cannot, or the files are on two
 */
export async function tryClone(source: OpenFile, target: OpenFile): Promise<boolean> {
  try {
    await ioctl(target.handle.fd, FICLONE, source.handle.fd, `clone ${source.path} to ${target.path}`)
    return true
  } catch (error) {
    // EINVAL: a btrfs file with nodatacow beside one without. ENOTTY: a file system that has no ioctl at all.
    if (hasErrno(error, 'ENOTSUP', 'EXDEV', 'EINVAL', 'ENOTTY')) return false
    throw error
  }
}
