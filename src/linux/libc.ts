import { getSystemErrorMessage, getSystemErrorName } from 'node:util'
import koffi, { type KoffiFunc } from 'koffi'

/**
 * The system calls that Node does not have: the only native code of this project. Everything that can block
 * (a mount, an ioctl on a busy device, an allocation) runs on a worker thread; only flock, which never waits
 * here, does not.
 */
/**
 * Calls under way at once, at most (koffi knows no larger number); with its default of 256 the next one would
 * fail.
 */
const MOST_CALLS = 4096

function load(): ReturnType<typeof koffi.load> {
  // It can be set once per process, and tests load this module more than once.
  if (koffi.config().max_async_calls !== MOST_CALLS) koffi.config({ max_async_calls: MOST_CALLS })
  return koffi.load(null)
}

const libc = load()

/** A system call that failed, with the errno's name as `code`, as Node's own errors have it. */
export class SystemCallError extends Error {
  readonly code: string
  readonly errno: number
  readonly syscall: string

  /**
   * @param what the call with the arguments that matter to a reader, for example `mount /dev/loop3 on /mnt`
   */
  constructor(syscall: string, errno: number, what: What) {
    const code = getSystemErrorName(-errno)
    super(`${typeof what === 'string' ? what : what()}: ${code}: ${getSystemErrorMessage(-errno)}`)
    this.name = 'SystemCallError'
    this.code = code
    this.errno = errno
    this.syscall = syscall
  }
}

/** What a call does, with the arguments that matter to a reader. A function makes it when it is needed. */
export type What = string | (() => string)

type Argument = number | bigint | string | Buffer | null | readonly (string | null)[]
export type SystemCall<Result = number> = KoffiFunc<(...args: Argument[]) => Result>

/**
 * One call on a worker thread, for functions that return -1 and set errno. errno belongs to the call, so it
 * is read before anything else can run.
 * @returns the result where it is not negative
 */
export function call<Result extends number | bigint>(
  name: string,
  fn: SystemCall<Result>,
  args: Argument[],
  what: What,
): Promise<Result> {
  return new Promise((resolve, reject) => {
    fn.async(...args, (error: Error | null, result: Result) => {
      const errno = koffi.errno()
      if (error) reject(error)
      else if (result < 0) reject(new SystemCallError(name, errno, what))
      else resolve(result)
    })
  })
}

/** The same on this thread, which waits for it. */
function callHere<Result extends number | bigint>(
  name: string,
  fn: SystemCall<Result>,
  args: Argument[],
  what: What,
): Result {
  const result = fn(...args)
  if (result < 0) throw new SystemCallError(name, koffi.errno(), what)
  return result
}

/** A function of libc that returns int. */
export function declare(name: string, ...parameters: string[]): SystemCall {
  return libc.func(name, 'int', parameters) as SystemCall
}

/** @returns undefined where the C library is too old to have it */
export function declareIfPresent(name: string, ...parameters: string[]): SystemCall | undefined {
  try {
    return declare(name, ...parameters)
  } catch {
    return undefined
  }
}

/** For calls that return off_t or ssize_t, which koffi gives as a number where that is exact. */
function declareWide(name: string, ...parameters: string[]): SystemCall<number | bigint> {
  return libc.func(name, 'int64_t', parameters) as SystemCall<number | bigint>
}

// ioctl(2) is variadic, and variadic functions cannot be called on a worker thread. The kernel's calling
// convention is the same for one more integer or pointer, so it is declared twice, once for each.
const ioctlWithInteger = declare('ioctl', 'int', 'unsigned long', 'long')
const ioctlWithPointer = declare('ioctl', 'int', 'unsigned long', 'void *')
const mountCall = declare('mount', 'str', 'str', 'str', 'unsigned long', 'str')
const umount2Call = declare('umount2', 'str', 'int')
const mknodCall = declare('mknod', 'str', 'unsigned int', 'uint64_t')
const fallocateCall = declare('fallocate', 'int', 'int', 'int64_t', 'int64_t')
const flockCall = declare('flock', 'int', 'int')
const syncfsCall = declare('syncfs', 'int')
const lseekCall = declareWide('lseek', 'int', 'int64_t', 'int')
const copyFileRangeCall = declareWide(
  'copy_file_range',
  'int',
  'void *',
  'int',
  'void *',
  'size_t',
  'unsigned int',
)

/** ioctl(2) with an integer argument. */
export function ioctl(fd: number, request: number, argument: number, what: What): Promise<number> {
  return call('ioctl', ioctlWithInteger, [fd, request, argument], what)
}

/** The same on this thread, which waits for it. */
export function ioctlHere(fd: number, request: number, argument: number, what: What): number {
  return callHere('ioctl', ioctlWithInteger, [fd, request, argument], what)
}

/** ioctl(2) with a pointer to a structure, which the kernel reads or fills. */
export function ioctlStruct(fd: number, request: number, struct: Buffer, what: What): Promise<number> {
  return call('ioctl', ioctlWithPointer, [fd, request, struct], what)
}

/** mount(2). `type` and `data` are null where the flags make the kernel ignore them. */
export async function mount(
  source: string,
  target: string,
  type: string | null,
  flags: number,
  data: string | null,
): Promise<void> {
  const what = `mount ${source} on ${target} (type ${type ?? '-'}, flags 0x${flags.toString(16)}, data ${data ?? '-'})`
  await call('mount', mountCall, [source, target, type, flags, data], what)
}

/** umount2(2). */
export async function umount2(target: string, flags: number): Promise<void> {
  await call('umount2', umount2Call, [target, flags], `unmount ${target}`)
}

/** mknod(2). `device` is the kernel's dev_t as stat(2) reports it. */
export async function mknod(path: string, mode: number, device: bigint): Promise<void> {
  await call('mknod', mknodCall, [path, mode, device], `mknod ${path}`)
}

/** fallocate(2): sizes in bytes. */
export async function fallocate(
  fd: number,
  mode: number,
  offset: bigint,
  length: bigint,
  what: What,
): Promise<void> {
  await call('fallocate', fallocateCall, [fd, mode, offset, length], what)
}

/** The same on this thread, which waits for it. */
export function fallocateSync(fd: number, mode: number, offset: bigint, length: bigint, what: What): void {
  callHere('fallocate', fallocateCall, [fd, mode, offset, length], what)
}

/** syncfs(2): waits until everything of the file system that the open file lies in is on its device. */
export async function syncfs(fd: number, what: What): Promise<void> {
  await call('syncfs', syncfsCall, [fd], what)
}

/**
 * lseek(2). With SEEK_DATA and SEEK_HOLE it looks for the next data or hole at or behind `offset`, in bytes.
 * @throws ENXIO where there is no data from `offset` on
 */
export async function lseek(fd: number, offset: bigint, whence: number, what: What): Promise<bigint> {
  return BigInt(await call('lseek', lseekCall, [fd, offset, whence], what))
}

/** The same on this thread, which waits for it. */
export function lseekSync(fd: number, offset: bigint, whence: number, what: What): bigint {
  return BigInt(callHere('lseek', lseekCall, [fd, offset, whence], what))
}

/**
 * copy_file_range(2) of a range that keeps its place in the other file; all in bytes.
 * @returns how much was copied, which may be less than `length`, and 0 at the end of the source
 */
export async function copyFileRange(
  source: number,
  target: number,
  offset: bigint,
  length: bigint,
  what: What,
): Promise<bigint> {
  const args = copyFileRangeArguments(source, target, offset, length)
  return BigInt(await call('copy_file_range', copyFileRangeCall, args, what))
}

/** The same on this thread, which waits for it. */
export function copyFileRangeSync(
  source: number,
  target: number,
  offset: bigint,
  length: bigint,
  what: What,
): bigint {
  const args = copyFileRangeArguments(source, target, offset, length)
  return BigInt(callHere('copy_file_range', copyFileRangeCall, args, what))
}

function copyFileRangeArguments(source: number, target: number, offset: bigint, length: bigint): Argument[] {
  return [source, offsetPointer(offset), target, offsetPointer(offset), length, 0]
}

/** A loff_t to point at; the kernel moves it on. */
function offsetPointer(offset: bigint): Buffer {
  const pointer = Buffer.alloc(8)
  pointer.writeBigInt64LE(offset)
  return pointer
}

const exitCall = declare('_exit', 'int')

/**
 * Ends the process at once. exit(3), and so Node's own way, waits for all of libuv's threads, which never
 * ends while one of them is in a system call that does not return.
 */
export function exitNow(code: number): void {
  exitCall(code)
}

const LOCK_EX = 2
const LOCK_NB = 4

/** errno after a call that was made on this thread. */
export function errnoNow(): number {
  return koffi.errno()
}

/**
 * flock(2), exclusive, without waiting. The lock belongs to the open file: it lives as long as anything, also
 * a loop device, has that file open.
 * @returns false when somebody else has the lock
 */
export function tryLockExclusive(fd: number, path: string): boolean {
  try {
    callHere('flock', flockCall, [fd, LOCK_EX | LOCK_NB], `flock ${path}`)
    return true
  } catch (error) {
    if (error instanceof SystemCallError && error.code === 'EAGAIN') return false
    throw error
  }
}
