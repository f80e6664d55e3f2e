/**
 * Numbers and layouts of the kernel's loop interface, from <linux/loop.h> and <linux/fs.h>. Nothing here
 * calls the kernel. The layouts are those of 64-bit little-endian Linux (x86-64, arm64), which have them in
 * common.
 */

/** Commands of /dev/loop-control. */
export const LOOP_CTL_ADD = 0x4c80
export const LOOP_CTL_REMOVE = 0x4c81
export const LOOP_CTL_GET_FREE = 0x4c82

/** Commands of /dev/loopN. */
export const LOOP_SET_FD = 0x4c00
export const LOOP_CLR_FD = 0x4c01
export const LOOP_SET_STATUS64 = 0x4c04
export const LOOP_GET_STATUS64 = 0x4c05
export const LOOP_CHANGE_FD = 0x4c06
export const LOOP_SET_CAPACITY = 0x4c07
export const LOOP_SET_DIRECT_IO = 0x4c08
export const LOOP_SET_BLOCK_SIZE = 0x4c09
export const LOOP_CONFIGURE = 0x4c0a

/** Size of any block device in bytes, as a 64-bit integer: _IOR(0x12, 114, size_t). */
export const BLKGETSIZE64 = 0x80081272

/** Makes a block device read-only or writable, independent of what is attached to it: _IO(0x12, 93). */
export const BLKROSET = 0x125d

/** Adds and removes partitions of a block device: _IO(0x12, 105) of <linux/blkpg.h>. */
export const BLKPG = 0x1269
export const BLKPG_DEL_PARTITION = 2

/** lo_flags: fixed at attach. */
export const LO_FLAGS_READ_ONLY = 1
/** lo_flags: detach when the last user closes the device. */
export const LO_FLAGS_AUTOCLEAR = 4
/** lo_flags: scan for partitions. */
export const LO_FLAGS_PARTSCAN = 8
/** lo_flags: past the page cache. */
export const LO_FLAGS_DIRECT_IO = 16

/** The misc device /dev/loop-control. Opening its node loads the module. */
export const LOOP_CONTROL_MAJOR = 10
export const LOOP_CONTROL_MINOR = 237
/** The major number of /dev/loopN. */
export const LOOP_MAJOR = 7

/** lo_file_name has this many bytes, of which the last is NUL. */
export const LO_NAME_SIZE = 64

/** The used fields of struct loop_info64 (the kernel no longer supports encryption). */
export interface LoopInfo {
  /** Device and inode of the backing file; only the kernel fills them. */
  readonly backingDevice: bigint
  readonly backingInode: bigint
  /** The number of the backing file, if that is a device. */
  readonly backingRdev: bigint
  /** Bytes at the start of the file that the device leaves out. */
  readonly offset: bigint
  /** Bytes of the file that the device uses; 0 = all. */
  readonly sizeLimit: bigint
  readonly number: number
  readonly flags: number
  readonly fileName: string
}

/** Fields of struct loop_info64. */
export const loopInfo = {
  device: 0,
  inode: 8,
  rdev: 16,
  offset: 24,
  sizeLimit: 32,
  number: 40,
  flags: 52,
  fileName: 56,
  bytes: 232,
} as const

export type LoopSettings = Pick<LoopInfo, 'offset' | 'sizeLimit' | 'flags' | 'fileName'>

/** The structure that LOOP_SET_STATUS64 reads. @throws RangeError when the name does not fit. */
export function encodeLoopInfo(settings: LoopSettings): Buffer {
  const name = Buffer.from(settings.fileName)
  if (name.length >= LO_NAME_SIZE) {
    throw new RangeError(
      `lo_file_name "${settings.fileName}" has ${name.length} bytes; at most ${LO_NAME_SIZE - 1} fit`,
    )
  }
  const struct = Buffer.alloc(loopInfo.bytes)
  struct.writeBigUInt64LE(settings.offset, loopInfo.offset)
  struct.writeBigUInt64LE(settings.sizeLimit, loopInfo.sizeLimit)
  struct.writeUInt32LE(settings.flags, loopInfo.flags)
  name.copy(struct, loopInfo.fileName)
  return struct
}

/** The structure that LOOP_GET_STATUS64 fills. */
export function decodeLoopInfo(struct: Buffer): LoopInfo {
  const name = struct.subarray(loopInfo.fileName, loopInfo.fileName + LO_NAME_SIZE)
  const end = name.indexOf(0)
  return {
    backingDevice: struct.readBigUInt64LE(loopInfo.device),
    backingInode: struct.readBigUInt64LE(loopInfo.inode),
    backingRdev: struct.readBigUInt64LE(loopInfo.rdev),
    offset: struct.readBigUInt64LE(loopInfo.offset),
    sizeLimit: struct.readBigUInt64LE(loopInfo.sizeLimit),
    number: struct.readUInt32LE(loopInfo.number),
    flags: struct.readUInt32LE(loopInfo.flags),
    fileName: name.toString('utf8', 0, end === -1 ? name.length : end),
  }
}

/** Fields of struct loop_config. */
export const loopConfig = { fd: 0, blockSize: 4, info: 8, bytes: 304 } as const

/** struct loop_config for LOOP_CONFIGURE. `blockSize` in bytes, 0 = the kernel's choice. */
export function encodeLoopConfig(fd: number, blockSize: number, settings: LoopSettings): Buffer {
  const struct = Buffer.alloc(loopConfig.bytes)
  struct.writeUInt32LE(fd, loopConfig.fd)
  struct.writeUInt32LE(blockSize, loopConfig.blockSize)
  encodeLoopInfo(settings).copy(struct, loopConfig.info)
  return struct
}

/** Fields of struct blkpg_ioctl_arg and struct blkpg_partition. */
export const blkpgArgument = { op: 0, dataBytes: 8, data: 16, bytes: 24 } as const
export const blkpgPartition = { number: 16, bytes: 152 } as const

/** struct blkpg_ioctl_arg for BLKPG. @param data the address of a struct blkpg_partition */
export function encodeBlkpgArgument(op: number, data: bigint): Buffer {
  const struct = Buffer.alloc(blkpgArgument.bytes)
  struct.writeInt32LE(op, blkpgArgument.op)
  struct.writeInt32LE(blkpgPartition.bytes, blkpgArgument.dataBytes)
  struct.writeBigUInt64LE(data, blkpgArgument.data)
  return struct
}

/** struct blkpg_partition that names a partition. */
export function encodeBlkpgPartition(number: number): Buffer {
  const struct = Buffer.alloc(blkpgPartition.bytes)
  struct.writeInt32LE(number, blkpgPartition.number)
  return struct
}

/**
 * dev_t as stat(2) reports it (glibc's gnu_dev_makedev, which for these small numbers is the kernel's
 * encoding too).
 */
export function makeDev(major: number, minor: number): bigint {
  const low = BigInt((minor & 0xff) | ((major & 0xfff) << 8))
  return low | (BigInt(minor >>> 8) << 20n)
}

/** The inverse of makeDev. */
export function splitDev(dev: bigint): { major: number; minor: number } {
  return { major: Number((dev >> 8n) & 0xfffn), minor: Number((dev & 0xffn) | ((dev >> 12n) & 0xffffff00n)) }
}
