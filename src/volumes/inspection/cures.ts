/** Where something is, for the commands that put it right. */
export interface Place {
  /** The pool's directory, the image, the record's directory, or the mount point. */
  readonly path: string
}

const readTheLog = "check the kernel's log (dmesg --level=err,warn)"

const upgrade = (): string =>
  'upgrade the driver to the version that wrote it, or a later one, and leave the file as it is'

/** What to do, by the reasons that health issues have; `VolumeHealth` and `StorageHealth` know them. */
const cures: Readonly<Record<string, (path: string) => string>> = {
  PoolNotMounted: (path) =>
    `mount the disk of ${path} (mount --all, where it is in /etc/fstab); a running driver finds the pool by itself`,
  PoolReplaced: (path) => `umount the disk of ${path}, and mount the right one`,
  PoolUnreadable: (path) => `${readTheLog}; repair the disk of ${path}, then restart the driver`,
  PoolDamaged: () =>
    'make sure that the disk of the pool is mounted; restore the file from a backup, or do what the message says; a running driver finds it by itself',
  PoolOfNewerDriver: upgrade,
  VolumeOfNewerDriver: upgrade,
  SnapshotOfNewerDriver: upgrade,
  PoolNotAnswering: (path) =>
    `${readTheLog}; make the disk or server of ${path} answer, or unmount it (umount --lazy) and mount it again; a running driver finds the pool by itself`,
  PoolImageMissing: (path) => `mount the disk of ${path} (mount --all, where it is in /etc/fstab)`,
  PoolImageNotMountable: (path) => `xfs_repair -n ${path}, while no driver runs, tells what is damaged`,
  PoolReadOnly: (path) =>
    `${readTheLog}, repair the disk, then mount -o remount,rw "$(findmnt --noheadings --output TARGET --target ${path})"`,
  PoolNearlyFull: () =>
    'csi-driver-loop volume df tells what is large; delete volumes or snapshots, trim (csi-driver-loop volume trim), or raise the size of the pool in --config and restart the driver',
  ImageMissing: (path) => `cp --sparse=always BACKUP ${path}, then restart the driver`,
  ImageShrunk: (path) => `cp --sparse=always BACKUP ${path}, then restart the driver`,
  VolumeDamaged: (path) =>
    `restore the record and the image beside ${path} from a backup, then restart the driver`,
  SnapshotDamaged: (path) =>
    `restore the record and the image beside ${path} from a backup, then restart the driver`,
  DeviceTooSmall: () => 'repeat the expansion: restart a pod of the volume, so that the kubelet does it',
  FileSystemReadOnly: (path) =>
    `${readTheLog}; restart the pod, so that what is at ${path} is checked and mounted anew`,
  FileSystemShutDown: (path) =>
    `${readTheLog}; restart the pod, so that what is at ${path} is checked and mounted anew`,
}

/** @returns what to do about an issue with something at this path */
export function cureOf(reason: string, { path }: Place): string {
  return cures[reason]?.(path) ?? 'change the configuration (--config), then restart the driver'
}
