import { open } from 'node:fs/promises'
import { run } from '../process/exec.ts'
import type { FileSystemType } from './type.ts'
import { verifyWith } from './verify.ts'
import { isXfsInProgress } from './xfs-in-progress.ts'

export const xfs: FileSystemType = {
  /** mkfs.xfs 5.19 and later refuse anything smaller: "Filesystem must be larger than 300MB". */
  minimumBytes: 300n << 20n,

  /**
   * A snapshot or clone has the UUID of its source, and a second mount with the same UUID is refused
   * otherwise.
   */
  mountOptions: ['nouuid'],

  uuidOptions: (uuid) => ['-m', `uuid=${uuid}`],

  async format(device, options, signal) {
    // Over a half-made XFS mkfs.xfs has to be forced. Everywhere else its refusal is the last safety net.
    const force = (await isUnfinished(device)) ? ['-f'] : []
    await run('mkfs.xfs', ['-q', '-K', ...force, ...options, device], { signal })
  },

  /**
   * The kernel replays the log at mount; fsck.xfs does nothing by design, and xfs_repair is for a person to
   * run.
   */
  check: () => Promise.resolve(),

  /**
   * xfs_repair(8). A log that was not replayed is left out, so after a crash it may complain of what the next
   * mount puts right.
   */
  verify: (device, signal) => verifyWith(['xfs_repair', '-n', device], 1, signal),

  async sizeOf(device) {
    const { buffer } = await device.read(Buffer.alloc(SIZE_BYTES), 0, SIZE_BYTES, 0)
    const blockBytes = BigInt(buffer.readUInt32BE(field.blockSize))
    return {
      bytes: buffer.readBigUInt64BE(field.dataBlocks) * blockBytes,
      unitBytes: LEAST_GROUP_BLOCKS * blockBytes,
    }
  },

  async grow(_device, mountPoint, signal) {
    await run('xfs_growfs', ['-d', mountPoint], { signal })
  },
}

const MAGIC = 'XFSB'

/** Where struct xfs_dsb (fs/xfs/libxfs/xfs_format.h) says how large it is. */
const field = { blockSize: 4, dataBlocks: 8 }
const SIZE_BYTES = 16

/** XFS_MIN_AG_BLOCKS: a shorter rest of the device is left unused. */
const LEAST_GROUP_BLOCKS = 64n

async function isUnfinished(device: string): Promise<boolean> {
  await using handle = await open(device, 'r')
  const { buffer } = await handle.read(Buffer.alloc(MAGIC.length), 0, MAGIC.length, 0)
  return buffer.toString('latin1') === MAGIC && (await isXfsInProgress(handle))
}
