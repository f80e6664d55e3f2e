import { getSystemErrorMessage, getSystemErrorName } from 'node:util'
import koffi, { type KoffiFunc } from 'koffi'

/*
 * The functions of the C library that Node does not have: the only native code of this project. Everything
 * that can block (a mount, an ioctl on a busy device, an allocation) runs on a worker thread.
 */

/**
 * Calls at the same time, at most: koffi's largest value. Beyond its default of 256 the next call would fail.
 */
const MAX_CALLS = 4096

function load(): ReturnType<typeof koffi.load> {
  // It can be set once per process, and tests load this module more than once.
  if (koffi.config().max_async_calls !== MAX_CALLS) koffi.config({ max_async_calls: MAX_CALLS })
  return koffi.load(null)
}

const libc = load()

/** A system call that failed, with the errno's name as `code`, as Node's own errors have it. */
export class SystemCallError extends Error {
  readonly code: string
  readonly errno: number
  readonly syscall: string

  /**
   * @param purpose the call with the arguments that matter to a reader, for example `mount /dev/loop3 on
   * /mnt`
   */
  constructor(syscall: string, errno: number, purpose: Purpose) {
    const code = getSystemErrorName(-errno)
    super(`${typeof purpose === 'string' ? purpose : purpose()}: ${code}: ${getSystemErrorMessage(-errno)}`)
    this.name = 'SystemCallError'
    this.code = code
    this.errno = errno
    this.syscall = syscall
  }
}

/**
 * What a call is for, with the arguments that matter to a reader. A function builds the text only when
 * needed.
 */
export type Purpose = string | (() => string)

export type Argument = number | bigint | string | Buffer | null | readonly (string | null)[]
export type SystemCall<Result = number> = KoffiFunc<(...args: Argument[]) => Result>

/**
 * One call on a worker thread, for functions that return -1 and set errno. errno belongs to the call, so it
 * is read before other code can run.
 * @returns the result where it is not negative
 */
export function call<Result extends number | bigint>(
  name: string,
  fn: SystemCall<Result>,
  args: Argument[],
  purpose: Purpose,
): Promise<Result> {
  return new Promise((resolve, reject) => {
    fn.async(...args, (error: Error | null, result: Result) => {
      const errno = koffi.errno()
      if (error) reject(error)
      else if (result < 0) reject(new SystemCallError(name, errno, purpose))
      else resolve(result)
    })
  })
}

/** The same on this thread, which waits for it. */
export function callSync<Result extends number | bigint>(
  name: string,
  fn: SystemCall<Result>,
  args: Argument[],
  purpose: Purpose,
): Result {
  const result = fn(...args)
  if (result < 0) throw new SystemCallError(name, koffi.errno(), purpose)
  return result
}

/** A function of libc that returns int. */
function declare(name: string, ...parameters: string[]): SystemCall {
  return libc.func(name, 'int', parameters) as SystemCall
}

/** @returns undefined where the C library is too old */
function declareIfPresent(name: string, ...parameters: string[]): SystemCall | undefined {
  try {
    return declare(name, ...parameters)
  } catch {
    return undefined
  }
}

/** For calls that return off_t or ssize_t, which koffi returns as a number where that is exact. */
function declareWide(name: string, ...parameters: string[]): SystemCall<number | bigint> {
  return libc.func(name, 'int64_t', parameters) as SystemCall<number | bigint>
}

/** For a structure that contains a pointer. The buffer must be in use until the call has returned. */
export function addressOf(buffer: Buffer): bigint {
  return koffi.address(buffer)
}

/** errno after a call that was made on this thread. */
export function errnoNow(): number {
  return koffi.errno()
}

/**
 * All native functions.
 *
 * ioctl(2) and syscall(2) are variadic, and koffi calls no variadic function on a worker thread. The calling
 * convention of the kernel's platforms is the same for one more integer or pointer, so they are declared once
 * for each list of arguments. System calls that glibc has names for from 2.36 on only are called by number.
 */
export const native = {
  ioctlWithInteger: declare('ioctl', 'int', 'unsigned long', 'long'),
  ioctlWithPointer: declare('ioctl', 'int', 'unsigned long', 'void *'),
  mount: declare('mount', 'str', 'str', 'str', 'unsigned long', 'str'),
  umount2: declare('umount2', 'str', 'int'),
  mknod: declare('mknod', 'str', 'unsigned int', 'uint64_t'),
  fallocate: declare('fallocate', 'int', 'int', 'int64_t', 'int64_t'),
  flock: declare('flock', 'int', 'int'),
  syncfs: declare('syncfs', 'int'),
  lseek: declareWide('lseek', 'int', 'int64_t', 'int'),
  copyFileRange: declareWide('copy_file_range', 'int', 'void *', 'int', 'void *', 'size_t', 'unsigned int'),
  exit: declare('_exit', 'int'),

  // The mount API of Linux 5.2, and mount_setattr(2) of 5.12.
  openTree: declare('syscall', 'long', 'int', 'str', 'unsigned int'),
  moveMount: declare('syscall', 'long', 'int', 'str', 'int', 'str', 'unsigned int'),
  mountSetattr: declare('syscall', 'long', 'int', 'str', 'unsigned int', 'void *', 'size_t'),
  fsopen: declare('syscall', 'long', 'str', 'unsigned int'),
  fsconfig: declare('syscall', 'long', 'int', 'unsigned int', 'str', 'str', 'int'),
  fsmount: declare('syscall', 'long', 'int', 'unsigned int', 'unsigned int'),

  // Processes.
  memfdCreate: declare('memfd_create', 'str', 'unsigned int'),
  close: declare('close', 'int'),
  waitid: declare('waitid', 'int', 'unsigned int', 'void *', 'int'),
  spawn: declare('posix_spawnp', 'void *', 'str', 'void *', 'void *', 'str *', 'str *'),
  actionsInit: declare('posix_spawn_file_actions_init', 'void *'),
  actionsDestroy: declare('posix_spawn_file_actions_destroy', 'void *'),
  actionsOpen: declare('posix_spawn_file_actions_addopen', 'void *', 'int', 'str', 'int', 'unsigned int'),
  actionsDup2: declare('posix_spawn_file_actions_adddup2', 'void *', 'int', 'int'),
  /** Since glibc 2.34. Before, the kernel closes a child's copies a moment after posix_spawn has returned. */
  actionsCloseFrom: declareIfPresent('posix_spawn_file_actions_addclosefrom_np', 'void *', 'int'),
  attributesInit: declare('posix_spawnattr_init', 'void *'),
  attributesFlags: declare('posix_spawnattr_setflags', 'void *', 'short'),
  attributesMask: declare('posix_spawnattr_setsigmask', 'void *', 'void *'),
  attributesDefault: declare('posix_spawnattr_setsigdefault', 'void *', 'void *'),
} as const
