import { hasErrno } from '../../volumes/model/errors.ts'
import { turn } from '../../volumes/pool/gate/turn.ts'
import { encodeCloneRange, FICLONE, FICLONERANGE } from '../abi/files.ts'
import { ioctl, ioctlStruct } from '../system-calls.ts'
import { sizeOf, type OpenFile } from './open-file.ts'

/**
 * Makes the target share all blocks of the source (FICLONE), in one step that either happens or does not.
 * @returns false where the file system cannot, or the files are on two
 */
export function tryClone(source: OpenFile, target: OpenFile): Promise<boolean> {
  return isPossible(() =>
    ioctl(target.handle.fd, FICLONE, source.handle.fd, `clone ${source.path} to ${target.path}`),
  )
}

/**
 * Whether tryClone would work, by cloning an empty range, behind the end of the source, to the target.
 * @param target a temporary file: from a source that grows at this moment it gets what is behind the old end
 */
export async function canClone(source: OpenFile, target: OpenFile): Promise<boolean> {
  const range = encodeCloneRange(source.handle.fd, await sizeOf(source))
  return isPossible(() =>
    ioctlStruct(target.handle.fd, FICLONERANGE, range, `clone nothing of ${source.path} to ${target.path}`),
  )
}

/**
 * Whether the file system of a file shares blocks, by the file itself, whose size no other process may
 * change.
 */
export function sharesBlocks(file: OpenFile): Promise<boolean> {
  return canClone(file, file)
}

async function isPossible(clone: () => Promise<number>): Promise<boolean> {
  try {
    await turn(clone)
    return true
  } catch (error) {
    // EINVAL: a btrfs file with nodatacow beside one without. ENOTTY: a file system that has no ioctl at all.
    if (hasErrno(error, 'ENOTSUP', 'EXDEV', 'EINVAL', 'ENOTTY')) return false
    throw error
  }
}
