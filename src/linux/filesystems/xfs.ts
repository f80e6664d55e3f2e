import type { FileHandle } from 'node:fs/promises'
import { open } from '../../volumes/pool/gate/turn.ts'
import type { FileSystemDescriptor } from './descriptor.ts'
import { hasMagic, readAt } from './superblock.ts'

/** Fields of struct xfs_dsb, the superblock at the start of the device (fs/xfs/libxfs/xfs_format.h). */
const field = { magic: 0, blockSize: 4, dataBlocks: 8, uuid: 32, inProgress: 126 }
const SUPERBLOCK_BYTES = 128

/** XFS_MIN_AG_BLOCKS: a shorter rest of the device is left unused. */
const MIN_GROUP_BLOCKS = 64n

const magic = { offset: field.magic, bytes: Buffer.from('XFSB'), uuidOffset: field.uuid }

/**
 * The kernel replays the log at mount, so there is no check: fsck.xfs does nothing by design, and xfs_repair
 * is for a person to run.
 */
export const xfs: FileSystemDescriptor = {
  magic,
  debianPackage: 'xfsprogs',
  tools: ['mkfs.xfs', 'xfs_growfs'],
  operatorTools: ['xfs_repair'],

  /** mkfs.xfs 5.19 and later refuse anything smaller: "Filesystem must be larger than 300MB". */
  minimumBytes: 300n << 20n,

  /**
   * A snapshot or clone has the UUID of its source, and a second mount with the same UUID is refused
   * otherwise.
   */
  mountOptions: ['nouuid'],

  /**
   * xfs_repair(8). It does not replay the log, so after a crash it may report damage that the next mount
   * repairs.
   */
  verification: { command: (device) => ['xfs_repair', '-n', device], damaged: 1 },

  repairs: {
    superblock: 'xfs_repair <device>',
    uuid: (uuid) => `xfs_admin -U ${uuid} <device>`,
  },

  uuidOptions: (uuid) => ['-m', `uuid=${uuid}`],

  /**
   * mkfs.xfs writes the superblock first, with sb_inprogress set, and clears that last. The kernel mounts no
   * file system that is so marked, so nothing was ever stored in one.
   */
  isUnfinished: async (device) => isInProgress(await readSuperblock(device)),

  async format({ run }, device, options, signal) {
    // mkfs.xfs needs -f over an unfinished XFS. Otherwise its refusal is the last safety net.
    const force = (await hasUnfinished(device)) ? ['-f'] : []
    await run('mkfs.xfs', ['-q', '-K', ...force, ...options, device], { signal })
  },

  async sizeOf(device) {
    const superblock = await readSuperblock(device)
    const blockBytes = BigInt(superblock.readUInt32BE(field.blockSize))
    return {
      bytes: superblock.readBigUInt64BE(field.dataBlocks) * blockBytes,
      unitBytes: MIN_GROUP_BLOCKS * blockBytes,
    }
  },

  /** The tool looks up the path by itself, and would grow another xfs at it. */
  async grow({ openMountPoint, run }, device, mountPoint, signal) {
    await using _opened = await openMountPoint(device, mountPoint)
    await run('xfs_growfs', ['-d', mountPoint], { signal })
  },
}

function readSuperblock(device: FileHandle): Promise<Buffer> {
  return readAt(device, 0, SUPERBLOCK_BYTES)
}

function isInProgress(superblock: Buffer): boolean {
  return (superblock[field.inProgress] ?? 0) !== 0
}

async function hasUnfinished(path: string): Promise<boolean> {
  await using device = await open(path, 'r')
  const superblock = await readSuperblock(device)
  return hasMagic(superblock, magic) && isInProgress(superblock)
}
