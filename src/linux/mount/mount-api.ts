import { constants, open, type FileHandle } from 'node:fs/promises'
import { hasErrno } from '../../volumes/model/errors.ts'
import { fsTypes, type FsType } from '../../volumes/model/ports/file-systems.ts'
import {
  AT_EMPTY_PATH,
  AT_FDCWD,
  FSCONFIG_CMD_CREATE,
  FSCONFIG_SET_FLAG,
  FSCONFIG_SET_STRING,
  FSMOUNT_CLOEXEC,
  FSOPEN_CLOEXEC,
  MOUNT_ATTR_RDONLY,
  mountApi,
  mountAttributes,
  MOVE_MOUNT_F_EMPTY_PATH,
  OPEN_TREE_CLOEXEC,
  OPEN_TREE_CLONE,
} from '../abi/mount.ts'
import { call, native } from '../libc.ts'
import { closeDescriptor } from '../process/posix-spawn.ts'

/*
 * The mount API of Linux 5.2. It makes mounts that are in no directory tree, so no process can use them
 * before they are complete.
 */

/**
 * Makes `source` visible at `target`, read-only from the first moment: it can never be written there, and a
 * process that is killed leaves either the complete mount or none.
 * @throws ENOSYS where the kernel is older than 5.12
 */
export async function bindReadOnly(source: string, target: string): Promise<void> {
  const what = `bind ${source} read-only on ${target}`
  const invoke = (name: 'openTree' | 'mountSetattr' | 'moveMount', ...values: (number | string | Buffer)[]) =>
    call(name, native[name], [mountApi[name], ...values], what)
  const flags = OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC
  const tree = await invoke('openTree', AT_FDCWD, source, flags)
  try {
    const attributes = Buffer.alloc(mountAttributes.bytes)
    attributes.writeBigUInt64LE(MOUNT_ATTR_RDONLY, mountAttributes.set)
    await invoke('mountSetattr', tree, '', AT_EMPTY_PATH, attributes, mountAttributes.bytes)
    await invoke('moveMount', tree, '', AT_FDCWD, target, MOVE_MOUNT_F_EMPTY_PATH)
  } finally {
    // A mount that was not moved to its place ends with its descriptor.
    closeDescriptor(tree)
  }
}

/**
 * Opens the root directory of the file system that is active on a device, where no path leads to it: another
 * mount covers it, it was unmounted lazily, or it is mounted in another namespace only. A frozen file system
 * stays active without a mount, because FIFREEZE holds it (freeze_super in fs/super.c). Mounting the device
 * makes one more mount of the active file system. The device must be known to be held: otherwise this would
 * mount a file system that is not in use.
 * @returns undefined when no file system of our types holds the device
 */
export async function openWithoutPath(device: string): Promise<FileHandle | undefined> {
  for (const type of fsTypes) {
    for (const readOnly of [false, true]) {
      const root = await openAs(type, device, readOnly)
      if (root) return root
    }
  }
  return undefined
}

/** @returns undefined when the device is in use with another type, or for reading instead of writing */
async function openAs(type: FsType, device: string, readOnly: boolean): Promise<FileHandle | undefined> {
  const what = `mount ${device} as ${type} without a path`
  const invoke = (
    name: 'fsopen' | 'fsconfig' | 'fsmount',
    ...values: (number | string | null)[]
  ): Promise<number> => call(name, native[name], [mountApi[name], ...values], what)
  using descriptors = new DisposableStack()
  const adopt = (fd: number): number => descriptors.adopt(fd, closeDescriptor)
  try {
    const context = adopt(await invoke('fsopen', type, FSOPEN_CLOEXEC))
    await invoke('fsconfig', context, FSCONFIG_SET_STRING, 'source', device, 0)
    if (readOnly) await invoke('fsconfig', context, FSCONFIG_SET_FLAG, 'ro', null, 0)
    await invoke('fsconfig', context, FSCONFIG_CMD_CREATE, null, null, 0)
    const mount = adopt(await invoke('fsmount', context, FSMOUNT_CLOEXEC, 0))
    return await open(`/proc/self/fd/${mount}`, constants.O_RDONLY | constants.O_DIRECTORY)
  } catch (error) {
    // EBUSY: in use with another type, or another access. ENODEV: this kernel does not have the type. EINVAL:
    // there is no such file system on the device.
    if (hasErrno(error, 'EBUSY', 'ENODEV', 'EINVAL')) return undefined
    throw error
  }
}
