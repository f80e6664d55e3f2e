import { GiB } from '../../support/volume.ts'

/** What a volume is used as. */
export const kinds = ['ext4', 'xfs', 'btrfs', 'block'] as const
export type Kind = (typeof kinds)[number]
export type FileSystemKind = Exclude<Kind, 'block'>

export const fileSystemKinds: readonly FileSystemKind[] = ['ext4', 'xfs', 'btrfs']

/** Sparse: it takes what the tools write. */
export const VOLUME_BYTES = 4 * GiB

/** How an administrator would make the same file system, and check it. */
interface FileSystem {
  readonly mkfs: readonly string[]
  readonly mountOptions: string
  /** Reads only. The image follows. */
  readonly check: readonly string[]
}

/** Written once more, so that a mistake in the options of src/linux/filesystems shows as a difference. */
export const fileSystems: Readonly<Record<FileSystemKind, FileSystem>> = {
  ext4: {
    mkfs: [
      ...['mkfs.ext4', '-q', '-m', '0', '-b', '4096', '-E'],
      'nodiscard,lazy_itable_init=1,lazy_journal_init=1,assume_storage_prezeroed=1,resize=268435456',
    ],
    mountOptions: 'errors=remount-ro,noinit_itable,nodiscard',
    check: ['e2fsck', '-f', '-n'],
  },
  xfs: {
    mkfs: ['mkfs.xfs', '-q', '-K'],
    mountOptions: 'nouuid,nodiscard',
    check: ['xfs_repair', '-n', '-f'],
  },
  btrfs: {
    mkfs: ['mkfs.btrfs', '-q', '-K'],
    mountOptions: 'nodiscard',
    check: ['btrfs', 'check', '--readonly'],
  },
}
