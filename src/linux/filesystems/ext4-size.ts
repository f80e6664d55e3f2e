import type { FileHandle } from 'node:fs/promises'
import type { FileSystemSize } from './size.ts'

/**
 * Where struct ext4_super_block (fs/ext4/ext4.h) is on the device, and its fields that say how large it is.
 */
const SUPERBLOCK = 1024
const SUPERBLOCK_BYTES = 1024
const field = { blocksLow: 0x4, logBlockSize: 0x18, incompatible: 0x60, blocksHigh: 0x150 }
const INCOMPATIBLE_64BIT = 0x80

export async function ext4Size(handle: FileHandle): Promise<FileSystemSize> {
  const { buffer } = await handle.read(Buffer.alloc(SUPERBLOCK_BYTES), 0, SUPERBLOCK_BYTES, SUPERBLOCK)
  const blockBytes = 1024n << BigInt(buffer.readUInt32LE(field.logBlockSize))
  const low = BigInt(buffer.readUInt32LE(field.blocksLow))
  const wide = (buffer.readUInt32LE(field.incompatible) & INCOMPATIBLE_64BIT) !== 0
  const high = wide ? BigInt(buffer.readUInt32LE(field.blocksHigh)) : 0n
  return { bytes: ((high << 32n) | low) * blockBytes, unitBytes: blockBytes }
}
