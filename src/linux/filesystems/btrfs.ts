import { run } from '../exec.ts'
import { renewBtrfs } from './btrfs-renew.ts'
import type { FileSystemType } from './type.ts'
import { verifyWith } from './verify.ts'

export const btrfs: FileSystemType = {
  /** The kernel resizes no smaller one; mkfs.btrfs 6.2 makes them from 109 MiB on. */
  minimumBytes: 256n << 20n,

  mountOptions: [],

  async format(device, options, signal) {
    await run('mkfs.btrfs', ['-q', '-K', ...options, device], { signal })
  },

  /** The log is replayed at mount, and `btrfs check --repair` is only for those who were told to (btrfs-check(8)). */
  check: () => Promise.resolve(),

  verify: (device, signal) => verifyWith(['btrfs', 'check', '--readonly', device], 1, signal),

  renew: renewBtrfs,

  async grow(_device, mountPoint, signal) {
    await run('btrfs', ['filesystem', 'resize', 'max', mountPoint], { signal })
  },
}
