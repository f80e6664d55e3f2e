import type { FsType } from '../../../src/volumes/model/ports/file-systems.ts'
import { tool } from '../../tool.ts'

/**
 * Independent witnesses of a file system's state, on an image that nobody has mounted.
 * @throws what they complain of
 */
export const fsck: Readonly<Record<FsType, (image: string) => Promise<string>>> = {
  ext4: (image) => tool('e2fsck', '-f', '-n', image),
  xfs: (image) => tool('xfs_repair', '-n', image),
  btrfs: (image) => tool('btrfs', 'check', '--readonly', image),
}
