import { hasErrno } from '../../volumes/model/errors.ts'
import { SEEK_DATA, SEEK_HOLE } from '../files/file-abi.ts'
import { turn } from '../../volumes/pool/gate/gate.ts'
import { lseek } from '../libc.ts'
import type { OpenFile } from './open-file.ts'
import { minimum, type Span } from './spans.ts'

/**
 * Where a file has data between two offsets, by SEEK_DATA and SEEK_HOLE: those see what is written but not
 * yet allocated, and take what is allocated but never written (a thick image) for a hole. A file that changes
 * meanwhile is told as it is when the stream comes by. The position of the open file is moved, so a file can
 * be read in two such streams only through two open files.
 */
export async function* dataSpans(file: OpenFile, from: bigint, to: bigint): AsyncGenerator<Span> {
  let position = from
  while (position < to) {
    const start = await seek(file, position, SEEK_DATA)
    if (start === undefined || start >= to) return
    const hole = await seek(file, start, SEEK_HOLE)
    if (hole === undefined) return
    const end = minimum(hole, to)
    // Not so when the data went away between the two calls.
    if (start < end) yield { start, end }
    position = end
  }
}

/** @returns undefined where there is nothing more, or the file has become shorter than that */
async function seek({ handle, path }: OpenFile, offset: bigint, whence: number): Promise<bigint | undefined> {
  try {
    return await turn(() => lseek(handle.fd, offset, whence, `find the extents of ${path}`))
  } catch (error) {
    if (hasErrno(error, 'ENXIO')) return undefined
    throw error
  }
}
