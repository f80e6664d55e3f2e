/**
 * The part of FUSE's protocol that a file system with one file needs: its root is that file
 * (include/uapi/linux/fuse.h, protocol 7.31).
 */

export const opcodes = {
  getattr: 3,
  setattr: 4,
  open: 14,
  read: 15,
  write: 16,
  statfs: 17,
  release: 18,
  fsync: 20,
  flush: 25,
  init: 26,
  destroy: 38,
  fallocate: 43,
} as const

const MAJOR = 7
const MINOR = 31

/** FUSE_ASYNC_READ, FUSE_BIG_WRITES, FUSE_ASYNC_DIO, FUSE_MAX_PAGES. */
const INIT_FLAGS = (1 << 0) | (1 << 5) | (1 << 15) | (1 << 22)
/** FOPEN_DIRECT_IO: no page cache between the kernel and the server, so each write is seen as it is made. */
const FOPEN_DIRECT_IO = 1

const MAX_WRITE_BYTES = 1 << 20
const PAGE_BYTES = 4096
const IN_HEADER_BYTES = 40
const OUT_HEADER_BYTES = 16
/** Of `fuse_write_in`, which the data follow. */
const WRITE_HEADER_BYTES = 40

/** What one read(2) of /dev/fuse needs to have room for. */
export const REQUEST_BYTES = IN_HEADER_BYTES + WRITE_HEADER_BYTES + MAX_WRITE_BYTES + PAGE_BYTES

export interface Request {
  readonly opcode: number
  readonly unique: bigint
  /** Behind the header. */
  readonly body: Buffer
}

/** @param bytes one whole request, as read(2) has returned it */
export function decodeRequest(bytes: Buffer): Request {
  return {
    opcode: bytes.readUInt32LE(4),
    unique: bytes.readBigUInt64LE(8),
    body: bytes.subarray(IN_HEADER_BYTES, bytes.readUInt32LE(0)),
  }
}

/** A part of the file: of a read, a write, or fallocate(2). */
export interface Range {
  readonly offset: number
  readonly length: number
}

/** `fuse_read_in`, `fuse_write_in`. */
export function rangeOf({ body }: Request): Range {
  return { offset: Number(body.readBigUInt64LE(8)), length: body.readUInt32LE(16) }
}

/** `fuse_fallocate_in`. */
export function fallocateOf({ body }: Request): Range & { readonly mode: number } {
  return {
    offset: Number(body.readBigUInt64LE(8)),
    length: Number(body.readBigUInt64LE(16)),
    mode: body.readUInt32LE(24),
  }
}

export function dataOf({ body }: Request): Buffer {
  return body.subarray(WRITE_HEADER_BYTES)
}

/** @param errno 0, or the number of the error */
export function encodeAnswer(unique: bigint, errno: number, body: Buffer = Buffer.alloc(0)): Buffer {
  const answer = Buffer.alloc(OUT_HEADER_BYTES)
  answer.writeUInt32LE(OUT_HEADER_BYTES + body.length, 0)
  answer.writeInt32LE(-errno, 4)
  answer.writeBigUInt64LE(unique, 8)
  return Buffer.concat([answer, body])
}

/** `fuse_init_out`. */
export function encodeInit(): Buffer {
  const body = Buffer.alloc(64)
  body.writeUInt32LE(MAJOR, 0)
  body.writeUInt32LE(MINOR, 4)
  body.writeUInt32LE(MAX_WRITE_BYTES, 8)
  body.writeUInt32LE(INIT_FLAGS, 12)
  body.writeUInt16LE(64, 16)
  body.writeUInt16LE(48, 18)
  body.writeUInt32LE(MAX_WRITE_BYTES, 20)
  body.writeUInt32LE(1, 24)
  body.writeUInt16LE(MAX_WRITE_BYTES / PAGE_BYTES, 28)
  return body
}

/** `fuse_attr_out` of a regular file of root. */
export function encodeAttributes(bytes: number): Buffer {
  const body = Buffer.alloc(104)
  body.writeBigUInt64LE(1n, 0)
  body.writeBigUInt64LE(1n, 16)
  body.writeBigUInt64LE(BigInt(bytes), 24)
  body.writeBigUInt64LE(BigInt(bytes / 512), 32)
  body.writeUInt32LE(0o100600, 76)
  body.writeUInt32LE(1, 80)
  body.writeUInt32LE(PAGE_BYTES, 96)
  return body
}

/** `fuse_open_out`. */
export function encodeOpen(): Buffer {
  const body = Buffer.alloc(16)
  body.writeUInt32LE(FOPEN_DIRECT_IO, 8)
  return body
}

/** `fuse_write_out`. */
export function encodeWritten(bytes: number): Buffer {
  const body = Buffer.alloc(8)
  body.writeUInt32LE(bytes, 0)
  return body
}

/** `fuse_statfs_out`, of a file system that is empty. */
export function encodeStatfs(): Buffer {
  const body = Buffer.alloc(80)
  body.writeUInt32LE(PAGE_BYTES, 40)
  body.writeUInt32LE(255, 44)
  body.writeUInt32LE(PAGE_BYTES, 48)
  return body
}
