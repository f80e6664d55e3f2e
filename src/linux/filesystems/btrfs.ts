import { VolumeError } from '../../volumes/model/errors.ts'
import { CommandError } from '../process/command-error.ts'
import { run } from '../process/exec.ts'
import { renewBtrfs } from './btrfs-renew.ts'
import { SUPERBLOCK_BYTES, sizeIn, superblockOffsets } from './btrfs-superblock.ts'
import type { FileSystemType } from './type.ts'
import { verifyWith } from './verify.ts'

export const btrfs: FileSystemType = {
  /** The kernel resizes no smaller one; mkfs.btrfs 6.2 makes them from 109 MiB on. */
  minimumBytes: 256n << 20n,

  mountOptions: [],

  // No uuidOptions: `mkfs.btrfs -U` reads all devices of the machine, to see whether one has that UUID
  // (btrfs-progs 6.2).

  async format(device, options, signal) {
    try {
      await run('mkfs.btrfs', ['-q', '-K', ...options, device], { signal })
    } catch (error) {
      throw error instanceof CommandError ? explained(error) : error
    }
  },

  /**
   * The log is replayed at mount, and `btrfs check --repair` is only for those who were told to
   * (btrfs-check(8)).
   */
  check: () => Promise.resolve(),

  verify: (device, signal) => verifyWith(['btrfs', 'check', '--readonly', device], 1, signal),

  renew: renewBtrfs,

  async sizeOf(device) {
    const [offset] = superblockOffsets
    const { buffer } = await device.read(Buffer.alloc(SUPERBLOCK_BYTES), 0, SUPERBLOCK_BYTES, Number(offset))
    return sizeIn(buffer)
  },

  async grow(_device, mountPoint, signal) {
    await run('btrfs', ['filesystem', 'resize', 'max', mountPoint], { signal })
  },
}

/**
 * mkfs.btrfs looks up what each mounted loop device is of, and is content with a file that is gone, but not
 * with one that cannot be looked at (`check_mounted` of btrfs-progs 6.2). So the death of one disk keeps it
 * from all others.
 */
function explained(error: CommandError): Error {
  if (!error.stderr.includes('cannot check mount status')) return error
  return new VolumeError(
    'unavailable',
    `mkfs.btrfs makes nothing while a mounted volume of this machine is on a disk that cannot be read: ${error.message}`,
    { cause: error },
  )
}
