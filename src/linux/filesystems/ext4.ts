import { never } from '../../volumes/concurrency/deadlines.ts'
import { larger, smaller } from '../../volumes/model/bytes.ts'
import { VolumeError } from '../../volumes/model/errors.ts'
import { CAP_SYS_RESOURCE } from '../process/capabilities.ts'
import { CommandError } from '../process/command-error.ts'
import type { FileSystemDescriptor, System } from './descriptor.ts'
import { hasRoomToGrow, readAt } from './superblock.ts'

/** Where struct ext4_super_block (fs/ext4/ext4.h) is on the device, and the fields of it that are used. */
const SUPERBLOCK_OFFSET = 1024
const SUPERBLOCK_BYTES = 1024
const field = {
  blocksLow: 0x4,
  logBlockSize: 0x18,
  magic: 0x38,
  incompatible: 0x60,
  uuid: 0x68,
  blocksHigh: 0x150,
}
const INCOMPATIBLE_64BIT = 0x80

/**
 * The page's size for all volumes. mkfs.ext4's own choice below 512 MiB is 1 KiB, and a volume that starts
 * small would keep small blocks as it grows.
 */
const BLOCK_BYTES = 4096n

/**
 * e2fsck's exit code is a sum (e2fsck(8)): 1 is "errors corrected", 2 "and the system should be rebooted",
 * which concerns a mounted root file system, so here it means the same.
 */
const REPAIRED = 1 | 2
const UNREPAIRED = 4

/** A check may take hours, but always reads or computes; one that does neither hangs. */
const STALL_MS = 10 * 60_000

export const ext4: FileSystemDescriptor = {
  magic: {
    offset: SUPERBLOCK_OFFSET + field.magic,
    bytes: Buffer.from([0x53, 0xef]),
    uuidOffset: SUPERBLOCK_OFFSET + field.uuid,
  },
  debianPackage: 'e2fsprogs',
  tools: ['mkfs.ext4', 'e2fsck', 'resize2fs'],
  operatorTools: [],

  /** 2,048 blocks: with less mkfs.ext4 leaves out the journal. */
  minimumBytes: 2048n * BLOCK_BYTES,

  /**
   * By default ext4 continues to write after it has detected damage; a user's own `errors=` comes later and
   * takes precedence. ext4 also zeroes the inode tables that growth has added, in the background, and the
   * loop device does that by punching holes: they are zeros already, and a thick image would lose the blocks.
   */
  mountOptions: ['errors=remount-ro', 'noinit_itable'],

  verification: { command: (device) => ['e2fsck', '-f', '-n', device], damaged: UNREPAIRED },

  repairs: {
    // The first backup superblock with blocks of 4 KiB; file systems of at least 128 MiB have it (mke2fs(8)).
    superblock: 'e2fsck -f -y -b 32768 -B 4096 <device>',
    uuid: (uuid) => `tune2fs -U ${uuid} <device>`,
  },

  uuidOptions: (uuid) => ['-U', uuid],

  async format({ deviceSize, run }, device, options, signal) {
    await run('mkfs.ext4', [...mkfsArguments(deviceSize(device), options), device], { signal })
  },

  /**
   * Not interrupted: restarting the full check of a large file system from the beginning at each call would
   * never end.
   */
  async check(system, device, signal) {
    await repair(system, device, [])
    signal.throwIfAborted()
  },

  async sizeOf(device) {
    const superblock = await readAt(device, SUPERBLOCK_OFFSET, SUPERBLOCK_BYTES)
    const blockBytes = 1024n << BigInt(superblock.readUInt32LE(field.logBlockSize))
    const low = BigInt(superblock.readUInt32LE(field.blocksLow))
    const isWide = (superblock.readUInt32LE(field.incompatible) & INCOMPATIBLE_64BIT) !== 0
    const high = isWide ? BigInt(superblock.readUInt32LE(field.blocksHigh)) : 0n
    return { bytes: ((high << 32n) | low) * blockBytes, unitBytes: blockBytes }
  },

  /**
   * Only where it cannot grow while mounted. Growing a mounted ext4 goes through its journal; this does not,
   * so it must not be interrupted: a cancelled call waits until it is done.
   */
  async growUnmounted(system, device, signal) {
    if (system.hasCapability(CAP_SYS_RESOURCE) || !(await hasRoomToGrow(device, ext4))) return
    // resize2fs insists on a full check of a file system that has been mounted.
    await repair(system, device, ['-f'])
    await system.run('resize2fs', [device], { signal: never })
    signal.throwIfAborted()
  },

  async grow({ run }, device, _mountPoint, signal) {
    if (!(await hasRoomToGrow(device, ext4))) return
    try {
      await run('resize2fs', [device], { signal })
    } catch (error) {
      if (!(error instanceof CommandError) || !error.stderr.includes('Permission denied')) throw error
      const message = `growing a mounted ext4 needs CAP_SYS_RESOURCE: ${error.message}`
      throw new VolumeError('failed-precondition', message, { cause: error })
    }
  },
}

/** e2fsck without questions: it repairs what is safe to repair. */
async function repair({ run }: System, device: string, options: readonly string[]): Promise<void> {
  try {
    await run('e2fsck', ['-p', ...options, device], { signal: never, stallMs: STALL_MS })
  } catch (error) {
    if (!(error instanceof CommandError) || error.exitCode === null) throw error
    if ((error.exitCode & ~REPAIRED) === 0) return
    throw (error.exitCode & UNREPAIRED) === 0 ? error : beyondRepair(device, error)
  }
}

function beyondRepair(device: string, cause: CommandError): VolumeError {
  const advice = 'attach its image and run e2fsck on it'
  return new VolumeError(
    'failed-precondition',
    `the ext4 on ${device} has errors, ${advice}: ${cause.message}`,
    { cause },
  )
}

/**
 * A new image reads as zeros, so nothing is zeroed, neither now nor in the background after the mount; mkfs
 * has four options for that. `-m 0` reserves no blocks for root, who does not use volumes.
 */
const zeroImage = ['nodiscard', 'lazy_itable_init=1', 'lazy_journal_init=1', 'assume_storage_prezeroed=1']

/** The arguments of mkfs.ext4, without the device. The user's options come last and take precedence. */
function mkfsArguments(sizeBytes: bigint, options: readonly string[]): string[] {
  const { extended, others } = separateExtended(options)
  // Users who choose features also decide about the resize inode.
  const room = others.some((option) => option.startsWith('-O')) ? [] : roomToGrow(sizeBytes)
  const extendedOptions = [...zeroImage, ...room, ...extended].join(',')
  return ['-q', '-m', '0', '-b', `${BLOCK_BYTES}`, '-E', extendedOptions, ...others]
}

/**
 * Reserves room for growth by this factor, and at least up to this size, within the range of block numbers.
 */
const GROWTH_FACTOR = 16n
const MIN_GROWN_BYTES = 1n << 40n
const MAX_GROWN_BYTES = (1n << 32n) * BLOCK_BYTES

/**
 * Room for the group descriptors of a larger file system. Within it growth changes no layout. Beyond it a
 * mounted one is converted to meta_bg, and resize2fs 1.47.0 destroys an unmounted one ("Illegal doubly
 * indirect block"): with mkfs.ext4's default, 1,024 times the size, that happens to a volume of 64 MiB that
 * grows to 100 GiB. For one of 10 GiB it costs twice the time (9 ms) and six times the disk space (4 MiB).
 */
function roomToGrow(sizeBytes: bigint): string[] {
  if (sizeBytes >= MAX_GROWN_BYTES) return []
  const grown = smaller(larger(sizeBytes * GROWTH_FACTOR, MIN_GROWN_BYTES), MAX_GROWN_BYTES)
  return [`resize=${grown / BLOCK_BYTES}`]
}

/** mkfs.ext4 forgets a first `-E` over a second one, so the user's joins ours. It takes `-E x` and `-Ex`. */
function separateExtended(options: readonly string[]): { extended: string[]; others: string[] } {
  const extended: string[] = []
  const others: string[] = []
  for (let i = 0; i < options.length; i++) {
    const option = options[i] ?? ''
    if (!option.startsWith('-E')) others.push(option)
    else if (option.length > 2) extended.push(option.slice(2))
    else extended.push(options[++i] ?? '')
  }
  return { extended, others }
}
