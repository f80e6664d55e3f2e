import { constants, open, type FileHandle } from 'node:fs/promises'
import { fsTypes, type FsType } from '../../volumes/model/ports.ts'
import { hasErrno } from '../../volumes/model/errors.ts'
import { call, declare, type SystemCall } from '../libc.ts'
import { closeDescriptor } from '../process/posix-spawn.ts'

/**
 * The mount API of Linux 5.2, for mounts that are in no directory tree and end with the last descriptor. By
 * number, as in mount-tree.ts.
 */
const syscall = { fsopen: 430, fsconfig: 431, fsmount: 432 } as const

const fsopenCall = declare('syscall', 'long', 'str', 'unsigned int')
const fsconfigCall = declare('syscall', 'long', 'int', 'unsigned int', 'str', 'str', 'int')
const fsmountCall = declare('syscall', 'long', 'int', 'unsigned int', 'unsigned int')

/** From <linux/mount.h>. */
const FSOPEN_CLOEXEC = 1
const FSMOUNT_CLOEXEC = 1
const FSCONFIG_SET_FLAG = 0
const FSCONFIG_SET_STRING = 1
const FSCONFIG_CMD_CREATE = 6

/**
 * Opens the root directory of the file system that is alive on a device, where no path leads to it: covered
 * by another mount, unmounted lazily, or mounted in another namespace only. A frozen one stays alive without
 * any mount, because FIFREEZE holds it (freeze_super in fs/super.c). A mount of a device with a live file
 * system is one more mount of that. The device must be known to be held: a file system that is not alive
 * would be brought to life.
 * @returns undefined when what holds the device is no file system of ours
 */
export async function openHidden(device: string): Promise<FileHandle | undefined> {
  for (const type of fsTypes) {
    for (const readOnly of [false, true]) {
      const root = await openAs(type, device, readOnly)
      if (root) return root
    }
  }
  return undefined
}

/** @returns undefined when another type, or another access, is alive on the device */
async function openAs(type: FsType, device: string, readOnly: boolean): Promise<FileHandle | undefined> {
  const what = `mount ${device} as ${type} without a path`
  const invoke = (fn: SystemCall, number: number, ...values: (number | string | null)[]): Promise<number> =>
    call('syscall', fn, [number, ...values], what)
  using descriptors = new DisposableStack()
  const adopt = (fd: number): number => descriptors.adopt(fd, closeDescriptor)
  try {
    const context = adopt(await invoke(fsopenCall, syscall.fsopen, type, FSOPEN_CLOEXEC))
    await invoke(fsconfigCall, syscall.fsconfig, context, FSCONFIG_SET_STRING, 'source', device, 0)
    if (readOnly) await invoke(fsconfigCall, syscall.fsconfig, context, FSCONFIG_SET_FLAG, 'ro', null, 0)
    await invoke(fsconfigCall, syscall.fsconfig, context, FSCONFIG_CMD_CREATE, null, null, 0)
    const mount = adopt(await invoke(fsmountCall, syscall.fsmount, context, FSMOUNT_CLOEXEC, 0))
    return await open(`/proc/self/fd/${mount}`, constants.O_RDONLY | constants.O_DIRECTORY)
  } catch (error) {
    // EBUSY: of another type, or of another access. ENODEV: a type that this kernel does not have. EINVAL: no
    // such file system.
    if (hasErrno(error, 'EBUSY', 'ENODEV', 'EINVAL')) return undefined
    throw error
  }
}
