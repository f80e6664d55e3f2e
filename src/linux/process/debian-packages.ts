/** The tools that this project runs, and the packages in which Debian has them. */
export const debianPackages: ReadonlyMap<string, string> = new Map([
  ['blkid', 'util-linux'],
  ['btrfs', 'btrfs-progs'],
  ['btrfstune', 'btrfs-progs'],
  ['e2fsck', 'e2fsprogs'],
  ['mkfs.btrfs', 'btrfs-progs'],
  ['mkfs.ext4', 'e2fsprogs'],
  ['mkfs.xfs', 'xfsprogs'],
  ['resize2fs', 'e2fsprogs'],
  ['xfs_growfs', 'xfsprogs'],
  ['xfs_repair', 'xfsprogs'],
])
