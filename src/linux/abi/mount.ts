/*
 * Numbers and layouts of mount(2), umount2(2) and the mount API of Linux 5.2, from <linux/mount.h>,
 * <linux/fs.h> and <linux/fcntl.h>. Nothing here calls the kernel.
 */

/** Flags of mount(2). */
export const mountFlags = {
  /** No process can write through the mount. */
  readOnly: 1 << 0,
  /** Set-user-ID and set-group-ID bits, and file capabilities, have no effect. */
  noSuid: 1 << 1,
  /** Device files cannot be opened. */
  noDev: 1 << 2,
  /** Programs cannot be executed. */
  noExec: 1 << 3,
  /** Every write waits for the disk. */
  synchronous: 1 << 4,
  /** Changes an existing mount instead of making one. */
  remount: 1 << 5,
  /** Every change of a directory waits for the disk. */
  dirSync: 1 << 7,
  /** Symbolic links are not followed (Linux 5.10). */
  noSymFollow: 1 << 8,
  /** Access times are never updated. */
  noAtime: 1 << 10,
  /** Access times of directories are never updated. */
  noDirAtime: 1 << 11,
  /** Makes a directory or file of a mount visible at another path. */
  bind: 1 << 12,
  /** Fewer messages in the kernel's log. */
  silent: 1 << 15,
  /** Mounts below it do not propagate to other mount namespaces, nor from there to here. */
  private: 1 << 18,
  /**
   * Access times are updated when older than the last change, or than a day: what the kernel does by default.
   */
  relAtime: 1 << 21,
  /** The inode's version grows with every change. */
  iVersion: 1 << 23,
  /** Access times are updated on every access. */
  strictAtime: 1 << 24,
  /** Times are written to the disk only together with something else. */
  lazyTime: 1 << 25,
} as const

/** Flags of umount2(2). */
export const unmountFlags = {
  /** Removes the mount from the tree now, and ends it when it is no longer used. */
  detach: 2,
  /** Does not follow a symbolic link at the end of the path. */
  noFollow: 8,
} as const

/** The mount API by number, which is the same on all architectures. mount_setattr is of Linux 5.12. */
export const mountApi = {
  openTree: 428,
  moveMount: 429,
  fsopen: 430,
  fsconfig: 431,
  fsmount: 432,
  mountSetattr: 442,
} as const

export const AT_FDCWD = -100
export const AT_EMPTY_PATH = 0x1000
export const OPEN_TREE_CLONE = 1
/** O_CLOEXEC. */
export const OPEN_TREE_CLOEXEC = 0o2000000
export const MOVE_MOUNT_F_EMPTY_PATH = 4
export const MOUNT_ATTR_RDONLY = 1n
export const FSOPEN_CLOEXEC = 1
export const FSMOUNT_CLOEXEC = 1
export const FSCONFIG_SET_FLAG = 0
export const FSCONFIG_SET_STRING = 1
export const FSCONFIG_CMD_CREATE = 6

/** struct mount_attr: attr_set, and behind it attr_clr, propagation, userns_fd. */
export const mountAttributes = { set: 0, bytes: 32 }
