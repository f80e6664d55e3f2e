import type { BigIntStats } from 'node:fs'
import { smaller } from '../../volumes/model/bytes.ts'
import { hasErrno } from '../../volumes/model/errors.ts'
import { turn } from '../../volumes/pool/gate/turn.ts'
import {
  encodeCloneRange,
  FICLONE,
  FICLONERANGE,
  fiemap,
  FIEMAP_EXTENT_LAST,
  FIEMAP_EXTENT_MERGED,
  FIEMAP_EXTENT_SHARED,
  FIEMAP_EXTENT_UNWRITTEN,
  FIEMAP_FLAG_SYNC,
  fiemapExtent,
  FS_IOC_FIEMAP,
  STAT_BLOCK_BYTES,
} from '../abi/files.ts'
import { ioctl, ioctlStruct } from '../system-calls.ts'
import { sizeOf, type OpenFile } from './open-file.ts'
import { overlay, type Span } from './spans.ts'

/** A range of a file, and where it is on the device. */
interface PhysicalSpan extends Span {
  /** Where `start` is, in bytes; on btrfs an address of its own making. */
  readonly physical: bigint
  readonly flags: number
}

const ROOM = 512

/**
 * The extents of a file by FIEMAP; none where the file system does not support it.
 * @param flags FIEMAP_FLAG_SYNC flushes the file first; without it, data that is not flushed yet may be
 * missing
 */
async function* physicalSpans(
  { handle, path }: OpenFile,
  from: bigint,
  to: bigint,
  flags: number,
): AsyncGenerator<PhysicalSpan> {
  let position = from
  while (position < to) {
    const map = Buffer.alloc(fiemap.extents + ROOM * fiemapExtent.bytes)
    map.writeBigUInt64LE(position, fiemap.start)
    map.writeBigUInt64LE(to - position, fiemap.length)
    map.writeUInt32LE(flags, fiemap.flags)
    map.writeUInt32LE(ROOM, fiemap.room)
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
  for (let index = 0; index < map.readUInt32LE(fiemap.mapped); index++) {
    const at = fiemap.extents + index * fiemapExtent.bytes
    const start = map.readBigUInt64LE(at + fiemapExtent.logical)
    spans.push({
      start,
      end: start + map.readBigUInt64LE(at + fiemapExtent.length),
      physical: map.readBigUInt64LE(at + fiemapExtent.physical),
      flags: map.readUInt32LE(at + fiemapExtent.flags),
    })
  }
  return spans
}

/**
 * Where two files are proven to have the same content because they have the same blocks. That requires one
 * file system (the same st_dev), and extents that are marked as shared and have no mark that makes their
 * location uncertain: not allocated yet, inline, or, on btrfs, compressed, where the location is that of the
 * whole compressed extent.
 */
export async function* sharedSpans(a: OpenFile, b: OpenFile, from: bigint, to: bigint): AsyncGenerator<Span> {
  const [statA, statB] = await Promise.all([statOf(a), statOf(b)])
  if (statA.dev !== statB.dev) return
  for await (const { start, end, left, right } of overlay(
    physicalSpans(a, from, to, FIEMAP_FLAG_SYNC),
    physicalSpans(b, from, to, FIEMAP_FLAG_SYNC),
  )) {
    if (left && right && isTrusted(left) && isTrusted(right) && place(left) === place(right)) {
      yield { start, end }
    }
  }
}

function statOf({ handle }: OpenFile): Promise<BigIntStats> {
  return turn(() => handle.stat({ bigint: true }))
}

const harmless = FIEMAP_EXTENT_LAST | FIEMAP_EXTENT_MERGED

function isTrusted({ flags }: PhysicalSpan): boolean {
  return (flags & ~harmless) === FIEMAP_EXTENT_SHARED
}

/** Equal for two spans exactly when each byte that both cover is the same byte of the device. */
function place({ physical, start }: PhysicalSpan): bigint {
  return physical - start
}

/**
 * How many of a file's bytes, up to an end, are in blocks that other files share; 0 where the file system
 * does not report it.
 */
export async function sharedBytes(file: OpenFile, end: bigint): Promise<bigint> {
  let bytes = 0n
  for await (const span of physicalSpans(file, 0n, end, FIEMAP_FLAG_SYNC)) {
    if ((span.flags & FIEMAP_EXTENT_SHARED) !== 0) bytes += smaller(span.end, end) - span.start
  }
  return bytes
}

/**
 * An estimate of the bytes that a copy has to move: FIEMAP gives hundreds of extents in one call, where
 * SEEK_DATA takes two calls for each. It does not see data that is not allocated yet, so it is for progress
 * display only.
 */
export async function estimateData(file: OpenFile, { start, end }: Span): Promise<bigint> {
  let bytes = 0n
  let hasExtents = false
  for await (const span of physicalSpans(file, start, end, 0)) {
    hasExtents = true
    if ((span.flags & FIEMAP_EXTENT_UNWRITTEN) === 0) bytes += smaller(span.end, end) - span.start
  }
  if (hasExtents) return bytes
  const { blocks } = await statOf(file)
  return smaller(blocks * STAT_BLOCK_BYTES, end)
}

/**
 * Makes the target share all blocks of the source (FICLONE), in one step that either happens or does not.
 * @returns false where the file system cannot, or the files are on two
 */
export function tryClone(source: OpenFile, target: OpenFile): Promise<boolean> {
  return isPossible(() =>
    ioctl(target.handle.fd, FICLONE, source.handle.fd, `clone ${source.path} to ${target.path}`),
  )
}

/**
 * Whether tryClone would work, by cloning an empty range, behind the end of the source, to the target.
 * @param target a temporary file: if the source grows at this moment, the target receives the data behind the
 * old end
 */
export async function canClone(source: OpenFile, target: OpenFile): Promise<boolean> {
  const range = encodeCloneRange(source.handle.fd, await sizeOf(source))
  return isPossible(() =>
    ioctlStruct(target.handle.fd, FICLONERANGE, range, `clone nothing of ${source.path} to ${target.path}`),
  )
}

/**
 * Whether the file system of a file shares blocks, by the file itself, whose size no other process may
 * change.
 */
export function sharesBlocks(file: OpenFile): Promise<boolean> {
  return canClone(file, file)
}

async function isPossible(clone: () => Promise<number>): Promise<boolean> {
  try {
    await turn(clone)
    return true
  } catch (error) {
    // EINVAL: a btrfs file with nodatacow beside one without. ENOTTY: a file system that has no ioctl at all.
    if (hasErrno(error, 'ENOTSUP', 'EXDEV', 'EINVAL', 'ENOTTY')) return false
    throw error
  }
}
