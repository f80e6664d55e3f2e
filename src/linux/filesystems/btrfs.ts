import { run } from '../exec.ts'
import type { FileSystemType } from './type.ts'

export const btrfs: FileSystemType = {
  /** What mkfs.btrfs 6.2 asks for: room for two copies of the metadata (its default) beside the first data. */
  minimumBytes: 109n << 20n,

  mountOptions: [],

  async format(device, options, signal) {
    await run('mkfs.btrfs', ['-q', '-K', ...options, device], { signal })
  },

  /** The log is replayed at mount, and `btrfs check --repair` is only for those who were told to (btrfs-check(8)). */
  check: () => Promise.resolve(),

  async grow(_device, mountPoint, signal) {
    await run('btrfs', ['filesystem', 'resize', 'max', mountPoint], { signal })
  },
}
