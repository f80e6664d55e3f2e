import { crc32c } from './crc32c.ts'
import type { FileSystemSize } from './size.ts'

/**
 * The superblock of btrfs, as far as its identity goes ("On-disk Format" in the documentation of btrfs, and
 * struct btrfs_super_block in <linux/btrfs_tree.h>). Nothing here does any I/O.
 */
export const SUPERBLOCK_BYTES = 4096

/** Where the superblock and its mirrors are, in bytes; a device has those that fit on it. */
export const superblockOffsets: readonly bigint[] = [64n << 10n, 64n << 20n, 256n << 30n]

const at = {
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

export function isSuperblock(block: Buffer): boolean {
  return block.toString('latin1', at.magic, at.magic + MAGIC.length) === MAGIC
}

/** True where fsynced data waits in the log tree to be replayed by the next mount. */
export function hasLog(block: Buffer): boolean {
  return block.readBigUInt64LE(at.logRoot) !== 0n
}

/** True for the default checksum, the only one that is computed here. */
export function hasKnownChecksum(block: Buffer): boolean {
  return block.readUInt16LE(at.checksumType) === CHECKSUM_CRC32C
}

/** Of all devices that the file system is on; here that is one. */
export function sizeIn(block: Buffer): FileSystemSize {
  const unitBytes = BigInt(block.readUInt32LE(at.sectorBytes))
  return { bytes: block.readBigUInt64LE(at.totalBytes), unitBytes }
}

export function isIntact(block: Buffer): boolean {
  return block.readUInt32LE(at.checksum) === crc32c(block.subarray(at.checksummed))
}

/**
 * The same file system under another fsid. The UUID that its blocks carry moves to metadata_uuid, if it is
 * not there yet.
 */
export function withFsid(block: Buffer, fsid: Buffer): Buffer {
  const renewed = Buffer.from(block)
  const flags = block.readBigUInt64LE(at.incompatFlags)
  if ((flags & INCOMPAT_METADATA_UUID) === 0n) {
    block.copy(renewed, at.metadataUuid, at.fsid, at.fsid + UUID_BYTES)
    renewed.writeBigUInt64LE(flags | INCOMPAT_METADATA_UUID, at.incompatFlags)
  }
  fsid.copy(renewed, at.fsid, 0, UUID_BYTES)
  renewed.writeUInt32LE(crc32c(renewed.subarray(at.checksummed)), at.checksum)
  return renewed
}
