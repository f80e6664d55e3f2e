import { LOCK_EX, LOCK_NB } from './abi/files.ts'
import { call, callSync, native, SystemCallError, type Argument, type Purpose } from './libc.ts'

/** ioctl(2) with an integer argument. */
export function ioctl(fd: number, request: number, argument: number, purpose: Purpose): Promise<number> {
  return call('ioctl', native.ioctlWithInteger, [fd, request, argument], purpose)
}

/** The same on this thread, which waits for it. */
export function ioctlSync(fd: number, request: number, argument: number, purpose: Purpose): number {
  return callSync('ioctl', native.ioctlWithInteger, [fd, request, argument], purpose)
}

/** ioctl(2) with a pointer to a structure, which the kernel reads or fills. */
export function ioctlStruct(fd: number, request: number, struct: Buffer, purpose: Purpose): Promise<number> {
  return call('ioctl', native.ioctlWithPointer, [fd, request, struct], purpose)
}

/** mount(2). `type` and `data` are null where the flags make the kernel ignore them. */
export async function mount(
  source: string,
  target: string,
  type: string | null,
  flags: number,
  data: string | null,
): Promise<void> {
  const purpose = `mount ${source} on ${target} (type ${type ?? '-'}, flags 0x${flags.toString(16)}, data ${data ?? '-'})`
  await call('mount', native.mount, [source, target, type, flags, data], purpose)
}

/** umount2(2). */
export async function umount2(target: string, flags: number): Promise<void> {
  await call('umount2', native.umount2, [target, flags], `unmount ${target}`)
}

/** mknod(2). `device` is the kernel's dev_t as stat(2) reports it. */
export async function mknod(path: string, mode: number, device: bigint): Promise<void> {
  await call('mknod', native.mknod, [path, mode, device], `mknod ${path}`)
}

/** fallocate(2): sizes in bytes. */
export async function fallocate(
  fd: number,
  mode: number,
  offset: bigint,
  length: bigint,
  purpose: Purpose,
): Promise<void> {
  await call('fallocate', native.fallocate, [fd, mode, offset, length], purpose)
}

/** The same on this thread, which waits for it. */
export function fallocateSync(
  fd: number,
  mode: number,
  offset: bigint,
  length: bigint,
  purpose: Purpose,
): void {
  callSync('fallocate', native.fallocate, [fd, mode, offset, length], purpose)
}

/** syncfs(2): waits until all data of the open file's file system is on its device. */
export async function syncfs(fd: number, purpose: Purpose): Promise<void> {
  await call('syncfs', native.syncfs, [fd], purpose)
}

/**
 * lseek(2). With SEEK_DATA and SEEK_HOLE it finds the next data or hole at or behind `offset`, in bytes.
 * @throws ENXIO where there is no data from `offset` on
 */
export async function lseek(fd: number, offset: bigint, whence: number, purpose: Purpose): Promise<bigint> {
  return BigInt(await call('lseek', native.lseek, [fd, offset, whence], purpose))
}

/** The same on this thread, which waits for it. */
export function lseekSync(fd: number, offset: bigint, whence: number, purpose: Purpose): bigint {
  return BigInt(callSync('lseek', native.lseek, [fd, offset, whence], purpose))
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
  purpose: Purpose,
): Promise<bigint> {
  const args = copyFileRangeArguments(source, target, offset, length)
  return BigInt(await call('copy_file_range', native.copyFileRange, args, purpose))
}

/** The same on this thread, which waits for it. */
export function copyFileRangeSync(
  source: number,
  target: number,
  offset: bigint,
  length: bigint,
  purpose: Purpose,
): bigint {
  const args = copyFileRangeArguments(source, target, offset, length)
  return BigInt(callSync('copy_file_range', native.copyFileRange, args, purpose))
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

/**
 * Ends the process at once. exit(3), which Node uses, waits for all of libuv's threads, and so never ends
 * while one of them is in a system call that does not return.
 */
export function exitNow(code: number): void {
  native.exit(code)
}

/**
 * flock(2), exclusive, without waiting. The lock belongs to the open file: it lasts as long as a process or a
 * loop device has that file open.
 * @returns false when another open file has the lock
 */
export function tryLockExclusive(fd: number, path: string): boolean {
  try {
    callSync('flock', native.flock, [fd, LOCK_EX | LOCK_NB], `flock ${path}`)
    return true
  } catch (error) {
    if (error instanceof SystemCallError && error.code === 'EAGAIN') return false
    throw error
  }
}
