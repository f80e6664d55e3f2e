import type { FileHandle } from 'node:fs/promises'
import { fsTypes, type FileSystemIdentity, type FsType } from '../../volumes/model/ports.ts'

interface Layout {
  /** Of the magic number, in bytes from the start of the device. */
  readonly offset: number
  readonly magic: Buffer
  /** Of the UUID that blkid shows. */
  readonly uuidOffset: number
}

/** Where the superblocks of the file systems that volumes have keep what they are. */
const layouts: Readonly<Record<FsType, Layout>> = {
  /** s_magic and s_uuid of the superblock at 1024 (fs/ext4/ext4.h). */
  ext4: { offset: 1024 + 0x38, magic: Buffer.from([0x53, 0xef]), uuidOffset: 1024 + 0x68 },
  /** sb_magicnum and sb_uuid (fs/xfs/libxfs/xfs_format.h). */
  xfs: { offset: 0, magic: Buffer.from('XFSB'), uuidOffset: 32 },
  /** magic and fsid of the superblock at 64 KiB (<linux/btrfs_tree.h>). */
  btrfs: { offset: (64 << 10) + 64, magic: Buffer.from('_BHRfS_M'), uuidOffset: (64 << 10) + 32 },
}

const UUID_BYTES = 16

/** As much of a device as has the superblocks of all of them. */
const START_BYTES = 68 << 10

/** @param start of a device: 65 KiB or more */
export function typeByMagic(start: Buffer): FsType | undefined {
  return fsTypes.find((type) => {
    const { offset, magic } = layouts[type]
    return start.subarray(offset, offset + magic.length).equals(magic)
  })
}

/** Which file system an open device or image begins as, by magic number alone: no checksum is looked at. */
export async function identify(device: FileHandle): Promise<FileSystemIdentity | undefined> {
  const { buffer, bytesRead } = await device.read(Buffer.alloc(START_BYTES), 0, START_BYTES, 0)
  const type = bytesRead === START_BYTES ? typeByMagic(buffer) : undefined
  if (type === undefined) return undefined
  const { uuidOffset } = layouts[type]
  return { type, uuid: formatUuid(buffer.subarray(uuidOffset, uuidOffset + UUID_BYTES)) }
}

/** @returns undefined for one that is all zeros, which stands for none */
function formatUuid(bytes: Buffer): string | undefined {
  if (bytes.every((byte) => byte === 0)) return undefined
  return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-')
}
