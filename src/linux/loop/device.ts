import { readFileSync, type BigIntStats } from 'node:fs'
import type { FileHandle } from 'node:fs/promises'
import { basename } from 'node:path'
import {
  BLKGETSIZE64,
  BLKROSET,
  decodeLoopInfo,
  encodeLoopConfig,
  encodeLoopInfo,
  LOOP_CHANGE_FD,
  LOOP_CLR_FD,
  LOOP_CONFIGURE,
  LOOP_GET_STATUS64,
  LOOP_SET_BLOCK_SIZE,
  LOOP_SET_CAPACITY,
  LOOP_SET_DIRECT_IO,
  LOOP_SET_FD,
  LOOP_SET_STATUS64,
  loopInfo,
  type LoopInfo,
  type LoopSettings,
} from '../abi/loop.ts'
import { ioctl, ioctlStruct } from '../system-calls.ts'

/**
 * The ioctls of one /dev/loopN, each on an open file descriptor of it, with the kernel's semantics (loop(4)).
 */

/**
 * LOOP_CONFIGURE: attaches a file and sets everything at once (Linux 5.8).
 * @throws EBUSY when another process was faster
 */
export async function configure(
  fd: number,
  backingFd: number,
  blockSize: number,
  settings: LoopSettings,
): Promise<void> {
  await ioctlStruct(fd, LOOP_CONFIGURE, encodeLoopConfig(backingFd, blockSize, settings), 'LOOP_CONFIGURE')
}

/** LOOP_SET_FD: attaches a file. @throws EBUSY when the device is attached */
export async function setFd(fd: number, backingFd: number): Promise<void> {
  await ioctl(fd, LOOP_SET_FD, backingFd, 'LOOP_SET_FD')
}

/**
 * LOOP_CLR_FD: detaches, at the latest when the last user closes the device.
 * @throws ENXIO when it is not attached
 */
export async function clrFd(fd: number): Promise<void> {
  await ioctl(fd, LOOP_CLR_FD, 0, 'LOOP_CLR_FD')
}

/**
 * LOOP_SET_STATUS64. Of the flags, only autoclear (both ways) and partition scan (on) can be changed.
 * @throws ENXIO
 */
export async function setStatus(fd: number, settings: LoopSettings): Promise<void> {
  await ioctlStruct(fd, LOOP_SET_STATUS64, encodeLoopInfo(settings), 'LOOP_SET_STATUS64')
}

/** LOOP_GET_STATUS64. @throws ENXIO when the device is not attached */
export async function getStatus(fd: number): Promise<LoopInfo> {
  const struct = Buffer.alloc(loopInfo.bytes)
  await ioctlStruct(fd, LOOP_GET_STATUS64, struct, 'LOOP_GET_STATUS64')
  return decodeLoopInfo(struct)
}

/**
 * LOOP_CHANGE_FD: exchanges the file of a read-only device for one of the same size. The driver never does.
 * @throws EINVAL for a writable device or a file of another size, ENXIO when the device is not attached
 */
export async function changeFd(fd: number, backingFd: number): Promise<void> {
  await ioctl(fd, LOOP_CHANGE_FD, backingFd, 'LOOP_CHANGE_FD')
}

/** LOOP_SET_CAPACITY: reads the size of the file again. @throws ENXIO when the device is not attached */
export async function setCapacity(fd: number): Promise<void> {
  await ioctl(fd, LOOP_SET_CAPACITY, 0, 'LOOP_SET_CAPACITY')
}

/**
 * LOOP_SET_DIRECT_IO, on a device in use, which the kernel stops for it: 15 ms, while the flag in
 * LOOP_CONFIGURE costs nothing.
 * @throws EINVAL where the file system of the file does not support it
 */
export async function setDirectIo(fd: number, on: boolean): Promise<void> {
  await ioctl(fd, LOOP_SET_DIRECT_IO, on ? 1 : 0, `LOOP_SET_DIRECT_IO ${on ? 'on' : 'off'}`)
}

/**
 * LOOP_SET_BLOCK_SIZE: the logical block size, a power of two from 512 to the page size, or to 64 KiB (Linux
 * 6.15).
 * @throws EINVAL, ENXIO; EBUSY while it is mounted or held (Linux 6.17)
 */
export async function setBlockSize(fd: number, bytes: number): Promise<void> {
  await ioctl(fd, LOOP_SET_BLOCK_SIZE, bytes, `LOOP_SET_BLOCK_SIZE ${bytes}`)
}

/** BLKGETSIZE64: the size of the device in bytes; 0 when it is not attached. */
export async function sizeOf(fd: number): Promise<bigint> {
  const struct = Buffer.alloc(8)
  await ioctlStruct(fd, BLKGETSIZE64, struct, 'BLKGETSIZE64')
  return struct.readBigUInt64LE()
}

/** BLKROSET off: clears a read-only mark (blockdev --setro), which stays set after a detach. */
export async function makeWritable(fd: number): Promise<void> {
  const off = Buffer.alloc(4)
  await ioctlStruct(fd, BLKROSET, off, 'BLKROSET 0')
}

/**
 * The size of an open block device or regular file, in bytes.
 * @throws Error for anything else: a directory or a terminal has no size that could be formatted
 */
export async function deviceSize(handle: FileHandle, path: string): Promise<bigint> {
  const stat = await handle.stat({ bigint: true })
  if (stat.isBlockDevice()) return sizeOf(handle.fd)
  if (stat.isFile()) return stat.size
  throw new Error(`${path} is neither a block device nor a file`)
}

/** sysfs counts in these, whatever the sectors of the device are (Documentation/ABI/stable/sysfs-block). */
const SECTOR_BYTES = 512n

/**
 * The size in bytes of a block device whose device node has the kernel's name, without opening it, which
 * takes ten times as long.
 */
export function deviceSizeByName(path: string): bigint {
  return BigInt(readAttribute(`/sys/class/block/${basename(path)}/size`)) * SECTOR_BYTES
}

/**
 * One value of sysfs, by blocking calls: the kernel generates it in memory when it is read. That takes some
 * 20 µs; on a worker thread (open, stat, read, close) it takes 200.
 * @throws ENOENT when the attribute does not exist
 */
export function readAttribute(path: string): string {
  return readFileSync(path, 'latin1').trim()
}

/**
 * How the kernel identifies a backing file. The path in sysfs does not: it may be that of another mount
 * namespace, or end with "(deleted)".
 */
export interface BackingIdentity {
  readonly device: bigint
  readonly inode: bigint
  /**
   * Not 0 when the backing file is itself a device. Then only this is compared, because each /dev has its own
   * device nodes.
   */
  readonly rdev: bigint
}

/** The identity of a file, from its stat(2). */
export function identityOf(stat: BigIntStats): BackingIdentity {
  return { device: stat.dev, inode: stat.ino, rdev: stat.isBlockDevice() ? stat.rdev : 0n }
}

/** The identity of a device's backing file. */
export function backingOf(info: LoopInfo): BackingIdentity {
  return { device: info.backingDevice, inode: info.backingInode, rdev: info.backingRdev }
}

/** True when the device with this status has this backing file. */
export function isBackedBy(info: LoopInfo, identity: BackingIdentity): boolean {
  if (identity.rdev !== 0n) return info.backingRdev === identity.rdev
  return info.backingDevice === identity.device && info.backingInode === identity.inode
}

/** The key of a device in a map. One block device can have several on top of it, with different names. */
export function identityKey(identity: BackingIdentity, name = ''): string {
  return identity.rdev === 0n ? `${identity.device}:${identity.inode}` : `rdev:${identity.rdev} ${name}`
}
