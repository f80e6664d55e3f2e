import type { FsType } from '../../../src/volumes/model/ports/file-systems.ts'
import { tool } from '../../tool.ts'

/**
 * Independent checks of a file system, on an image that is not mounted.
 * @throws what they complain of
 */
export const fsck: Readonly<Record<FsType, (image: string) => Promise<string>>> = {
  ext4: (image) => tool('e2fsck', '-f', '-n', image),
  xfs: (image) => tool('xfs_repair', '-n', image),
  btrfs: (image) => tool('btrfs', 'check', '--readonly', image),
}
