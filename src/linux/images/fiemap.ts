import { hasErrno } from '../../volumes/model/errors.ts'
import { turn } from '../../volumes/pool/gate/gate.ts'
import { ioctlStruct } from '../libc.ts'
import type { OpenFile } from './open-file.ts'
import type { Span } from './spans.ts'

/** Where on its device a range of a file lies. */
export interface PhysicalSpan extends Span {
  /** Where `start` is, in bytes; on btrfs an address of its own making. */
  readonly physical: bigint
  readonly flags: number
}

/** Numbers and layouts from <linux/fiemap.h>; FS_IOC_FIEMAP is _IOWR('f', 11, struct fiemap). */
const FS_IOC_FIEMAP = 0xc020660b
const header = { start: 0, length: 8, flags: 16, mapped: 20, room: 24, bytes: 32 }
const extent = { logical: 0, physical: 8, length: 16, flags: 40, bytes: 56 }

/** fm_flags: writes the file out first. */
export const FIEMAP_FLAG_SYNC = 0x1

/**
 * fe_flags that are used here. The others of the lower bits all say that `physical` is not, or not simply,
 * true.
 */
export const FIEMAP_EXTENT_LAST = 0x1
export const FIEMAP_EXTENT_UNWRITTEN = 0x800
export const FIEMAP_EXTENT_MERGED = 0x1000
export const FIEMAP_EXTENT_SHARED = 0x2000

const ROOM = 512

/**
 * What the file system tells about a file's extents (FIEMAP). A file system that does not tell has none.
 * @param flags FIEMAP_FLAG_SYNC writes the file out first; without it, what is not written out yet may be
 * missing
 */
export async function* physicalSpans(
  { handle, path }: OpenFile,
  from: bigint,
  to: bigint,
  flags: number,
): AsyncGenerator<PhysicalSpan> {
  let position = from
  while (position < to) {
    const map = Buffer.alloc(header.bytes + ROOM * extent.bytes)
    map.writeBigUInt64LE(position, header.start)
    map.writeBigUInt64LE(to - position, header.length)
    map.writeUInt32LE(flags, header.flags)
    map.writeUInt32LE(ROOM, header.room)
    try {
      await turn(() => ioctlStruct(handle.fd, FS_IOC_FIEMAP, map, `map the extents of ${path}`))
    } catch (error) {
      if (hasErrno(error, 'ENOTSUP', 'ENOTTY')) return
      throw error
    }
    const spans = decode(map)
    yield* spans
    const last = spans.at(-1)
    if (!last || last.flags & FIEMAP_EXTENT_LAST) return
    position = last.end
  }
}

function decode(map: Buffer): PhysicalSpan[] {
  const spans: PhysicalSpan[] = []
  for (let index = 0; index < map.readUInt32LE(header.mapped); index++) {
    const at = header.bytes + index * extent.bytes
    const start = map.readBigUInt64LE(at + extent.logical)
    spans.push({
      start,
      end: start + map.readBigUInt64LE(at + extent.length),
      physical: map.readBigUInt64LE(at + extent.physical),
      flags: map.readUInt32LE(at + extent.flags),
    })
  }
  return spans
}
