import { fsTypes, type FsType } from '../../volumes/ports.ts'

/** The magic numbers of the file systems that volumes have, and where they are, in bytes from the start of the device. */
const magics: Readonly<Record<FsType, { readonly offset: number; readonly bytes: Buffer }>> = {
  /** s_magic of the superblock at 1024 (fs/ext4/ext4.h). */
  ext4: { offset: 1024 + 0x38, bytes: Buffer.from([0x53, 0xef]) },
  /** sb_magicnum (fs/xfs/libxfs/xfs_format.h). */
  xfs: { offset: 0, bytes: Buffer.from('XFSB') },
  /** magic of the superblock at 64 KiB (<linux/btrfs_tree.h>). */
  btrfs: { offset: (64 << 10) + 64, bytes: Buffer.from('_BHRfS_M') },
}

/** @param start of a device: 65 KiB or more */
export function typeByMagic(start: Buffer): FsType | undefined {
  return fsTypes.find((type) => {
    const { offset, bytes } = magics[type]
    return start.subarray(offset, offset + bytes.length).equals(bytes)
  })
}
