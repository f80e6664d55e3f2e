import { randomUUID } from 'node:crypto'
import type { FileHandle } from 'node:fs/promises'
import { VolumeError } from '../../volumes/model/errors.ts'
import { turn } from '../../volumes/pool/gate/turn.ts'
import { openImage } from '../files/open-image.ts'
import { CommandError } from '../process/command-error.ts'
import type { FileSystemDescriptor, System } from './descriptor.ts'
import { readAt, uuidIn } from './superblock.ts'

/** Where the superblock and its mirrors are, in bytes; a device has those that fit on it. */
const superblockOffsets = [64 * 2 ** 10, 64 * 2 ** 20, 256 * 2 ** 30] as const
const [FIRST_OFFSET] = superblockOffsets
const SUPERBLOCK_BYTES = 4096

/** Fields of struct btrfs_super_block (<linux/btrfs_tree.h>), in bytes from its start. */
const field = {
  checksum: 0,
  checksummed: 32,
  fsid: 32,
  magic: 64,
  logRoot: 96,
  totalBytes: 112,
  sectorBytes: 144,
  incompatFlags: 188,
  checksumType: 196,
  metadataUuid: 571,
}
const UUID_BYTES = 16
const MAGIC = '_BHRfS_M'
const CHECKSUM_CRC32C = 0

/** The blocks of the tree carry metadata_uuid, and only the superblock carries fsid. Since Linux 5.0. */
const INCOMPAT_METADATA_UUID = 1n << 10n

/**
 * The log is replayed at mount, and `btrfs check --repair` must not be run without advice (btrfs-check(8)),
 * so there is no check. There are no uuidOptions: `mkfs.btrfs -U` reads all devices of the machine to check
 * that none has that UUID (btrfs-progs 6.2).
 */
export const btrfs: FileSystemDescriptor = {
  magic: {
    offset: FIRST_OFFSET + field.magic,
    bytes: Buffer.from(MAGIC),
    uuidOffset: FIRST_OFFSET + field.fsid,
  },
  debianPackage: 'btrfs-progs',
  tools: ['mkfs.btrfs', 'btrfs', 'btrfstune'],
  operatorTools: [],

  /** The kernel resizes no smaller one; mkfs.btrfs 6.2 makes them from 109 MiB on. */
  minimumBytes: 256n << 20n,

  mountOptions: [],

  verification: { command: (device) => ['btrfs', 'check', '--readonly', device], damaged: 1 },

  repairs: {
    superblock: 'btrfs rescue super-recover -y <device>',
    uuid: (uuid) => `btrfstune -f -M ${uuid} <device>`,
  },

  async format({ run }, device, options, signal) {
    try {
      await run('mkfs.btrfs', ['-q', '-K', ...options, device], { signal })
    } catch (error) {
      throw error instanceof CommandError ? explained(error) : error
    }
  },

  /** The size over all devices of the file system; here there is one. */
  async sizeOf(device) {
    const superblock = await readAt(device, FIRST_OFFSET, SUPERBLOCK_BYTES)
    return {
      bytes: superblock.readBigUInt64LE(field.totalBytes),
      unitBytes: BigInt(superblock.readUInt32LE(field.sectorBytes)),
    }
  },

  /** The tool resizes whatever btrfs the path leads to, so it gets one that stays the same. */
  async grow({ openMountPoint, run }, device, mountPoint, signal) {
    await using opened = await openMountPoint(device, mountPoint)
    await run('btrfs', ['filesystem', 'resize', 'max', opened.path], { signal })
  },

  /**
   * Gives the copy of a btrfs a new fsid, without which the kernel treats it as another device of its source
   * (before Linux 6.7 it refuses to mount it, or mounts the source in its place).
   *
   * `btrfstune -m` does the same, but commits a transaction, after which the kernel does not find the log
   * tree any more: the copy of a file system that was not unmounted cleanly could never be mounted again
   * (tried with btrfs-progs 6.2). So the superblocks are changed directly, and the tool is used only for
   * checksums that are not computed here.
   * @throws VolumeError failed-precondition for a damaged superblock: once repaired, the kernel would confuse
   * the copy with its source
   */
  async renew(system, image, signal) {
    await using file = await turn(() => openImage(image, 'r+'))
    const blocks = await readSuperblocks(file)
    const first = blocks.get(FIRST_OFFSET)
    // A copy of a volume that was never formatted; its first stage formats it.
    if (!first && blocks.size === 0) return undefined
    if (!first) throw damaged(image)
    if (first.readUInt16LE(field.checksumType) !== CHECKSUM_CRC32C)
      return await renewByTool(system, image, file, first, signal)
    if (!isIntact(first)) throw damaged(image)
    signal.throwIfAborted()
    const uuid = randomUUID()
    const fsid = Buffer.from(uuid.replaceAll('-', ''), 'hex')
    for (const [offset, block] of blocks) {
      const renewed = withFsid(block, fsid)
      await turn(() => file.write(renewed, 0, SUPERBLOCK_BYTES, offset))
    }
    return uuid
  },
}

/** The superblock and its existing mirrors; a mirror that was never written is a hole. */
async function readSuperblocks(file: FileHandle): Promise<Map<number, Buffer>> {
  const blocks = new Map<number, Buffer>()
  for (const offset of superblockOffsets) {
    const block = await readAt(file, offset, SUPERBLOCK_BYTES)
    const isSuperblock = block.toString('latin1', field.magic, field.magic + MAGIC.length) === MAGIC
    if (block.length === SUPERBLOCK_BYTES && isSuperblock) blocks.set(offset, block)
  }
  return blocks
}

async function renewByTool(
  { run }: System,
  image: string,
  file: FileHandle,
  superblock: Buffer,
  signal: AbortSignal,
): Promise<string | undefined> {
  // fsynced data waits in the log tree to be replayed by the next mount.
  if (superblock.readBigUInt64LE(field.logRoot) !== 0n) throw cannotKeepLog(image)
  await run('btrfstune', ['-f', '-m', image], { signal })
  return uuidIn(await readAt(file, FIRST_OFFSET, SUPERBLOCK_BYTES), { uuidOffset: field.fsid })
}

function isIntact(superblock: Buffer): boolean {
  return superblock.readUInt32LE(field.checksum) === crc32c(superblock.subarray(field.checksummed))
}

/**
 * The same file system under another fsid. The UUID that its blocks carry moves to metadata_uuid, if it is
 * not there yet.
 */
function withFsid(superblock: Buffer, fsid: Buffer): Buffer {
  const renewed = Buffer.from(superblock)
  const flags = superblock.readBigUInt64LE(field.incompatFlags)
  if ((flags & INCOMPAT_METADATA_UUID) === 0n) {
    superblock.copy(renewed, field.metadataUuid, field.fsid, field.fsid + UUID_BYTES)
    renewed.writeBigUInt64LE(flags | INCOMPAT_METADATA_UUID, field.incompatFlags)
  }
  fsid.copy(renewed, field.fsid, 0, UUID_BYTES)
  renewed.writeUInt32LE(crc32c(renewed.subarray(field.checksummed)), field.checksum)
  return renewed
}

/** The polynomial of Castagnoli, reversed (RFC 3720, appendix B.4). zlib's crc32 has another. */
const POLYNOMIAL = 0x82f63b78

const remainders = Uint32Array.from({ length: 256 }, (_, byte) => {
  let remainder = byte
  for (let bit = 0; bit < 8; bit++) remainder = (remainder >>> 1) ^ (remainder & 1 ? POLYNOMIAL : 0)
  return remainder
})

/** CRC-32C, the default checksum of btrfs. */
export function crc32c(bytes: Uint8Array): number {
  let crc = 0xffffffff
  for (const byte of bytes) crc = (remainders[(crc ^ byte) & 0xff] ?? 0) ^ (crc >>> 8)
  return ~crc >>> 0
}

function damaged(image: string): VolumeError {
  return new VolumeError('failed-precondition', `the superblock of the btrfs in ${image} is damaged`)
}

function cannotKeepLog(image: string): VolumeError {
  return new VolumeError(
    'failed-precondition',
    `the btrfs in ${image} was not unmounted cleanly, and its checksums are not the default ones: ` +
      'mount and unmount its source once, then copy it again',
  )
}

/**
 * mkfs.btrfs calls stat(2) on the backing file of each mounted loop device. It accepts ENOENT, but no other
 * error (`check_mounted` of btrfs-progs 6.2), so one failing disk makes it fail on all others.
 */
function explained(error: CommandError): Error {
  if (!error.stderr.includes('cannot check mount status')) return error
  return new VolumeError(
    'unavailable',
    `mkfs.btrfs makes nothing while a mounted volume of this machine is on a disk that cannot be read: ${error.message}`,
    { cause: error },
  )
}
