import { call, declare, type SystemCall } from '../libc.ts'
import { closeDescriptor } from '../process/posix-spawn.ts'

/**
 * The mount API of Linux 5.2, with mount_setattr(2) of 5.12: mounts that nobody sees until they are as they
 * should be.
 *
 * By number, which is the same on all architectures, because glibc has names for them from 2.36 on only.
 * syscall(2) is variadic; as with ioctl(2), the calling convention is the same for integers and pointers.
 */
const syscall = { openTree: 428, moveMount: 429, mountSetattr: 442 } as const

const openTreeCall = declare('syscall', 'long', 'int', 'str', 'unsigned int')
const moveMountCall = declare('syscall', 'long', 'int', 'str', 'int', 'str', 'unsigned int')
const mountSetattrCall = declare('syscall', 'long', 'int', 'str', 'unsigned int', 'void *', 'size_t')

/** From <linux/fcntl.h> and <linux/mount.h>. */
const AT_FDCWD = -100
const AT_EMPTY_PATH = 0x1000
const OPEN_TREE_CLONE = 1
const OPEN_TREE_CLOEXEC = 0o2000000
const MOVE_MOUNT_F_EMPTY_PATH = 4
const MOUNT_ATTR_RDONLY = 1n

/** struct mount_attr: attr_set, attr_clr, propagation, userns_fd. */
const MOUNT_ATTR_BYTES = 32

/**
 * Makes `source` visible at `target`, read-only from the first moment: there is no time at which it could be
 * written there, and whoever is killed leaves either all of it or nothing.
 * @throws ENOSYS where the kernel is older than 5.12
 */
export async function bindReadOnly(source: string, target: string): Promise<void> {
  const what = `bind ${source} read-only on ${target}`
  const invoke = (fn: SystemCall, name: keyof typeof syscall, ...values: (number | string | Buffer)[]) =>
    call(name, fn, [syscall[name], ...values], what)
  const flags = OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC
  const tree = await invoke(openTreeCall, 'openTree', AT_FDCWD, source, flags)
  try {
    const attributes = Buffer.alloc(MOUNT_ATTR_BYTES)
    attributes.writeBigUInt64LE(MOUNT_ATTR_RDONLY)
    await invoke(mountSetattrCall, 'mountSetattr', tree, '', AT_EMPTY_PATH, attributes, MOUNT_ATTR_BYTES)
    await invoke(moveMountCall, 'moveMount', tree, '', AT_FDCWD, target, MOVE_MOUNT_F_EMPTY_PATH)
  } finally {
    // Nobody else sees it: what was not moved to its place is gone with this.
    closeDescriptor(tree)
  }
}
