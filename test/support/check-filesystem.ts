import type { FsType } from '../../src/volumes/model/ports/file-systems.ts'
import { tool } from '../tool.ts'

/** Independent checks of a file system, on an image that is not mounted; they fail when it is damaged. */
export const checks: Record<FsType, (image: string) => Promise<string>> = {
  ext4: (image) => tool('e2fsck', '-f', '-n', image),
  xfs: (image) => tool('xfs_repair', '-n', image),
  btrfs: (image) => tool('btrfs', 'check', '--readonly', image),
}
