import { smaller } from '../../volumes/model/bytes.ts'
import { SEEK_DATA, SEEK_HOLE } from '../abi/files.ts'
import { FileInProcess, type FileCalls } from './file-calls.ts'
import type { OpenFile } from './open-file.ts'
import type { Span } from './spans.ts'
import { inProcess, type Work } from './work.ts'

/** Whether there is data at an offset of a file, and up to which one that holds. */
export interface Extent {
  readonly isData: boolean
  readonly end: bigint
}

/**
 * The data and the holes of a file, by SEEK_DATA and SEEK_HOLE, for ascending offsets. Those report data that
 * is written but not yet allocated, and report ranges that are allocated but never written (a thick image) as
 * holes. Each range is read when it is needed, so later changes are included. This moves the position of the
 * open file, so it must not be used twice on one open file at the same time.
 */
export class Extents {
  readonly #file: Pick<FileCalls, 'seek'>
  readonly #limit: bigint
  #current: Extent = { isData: false, end: 0n }
  /** Where data was seen to begin, behind the current hole. */
  #dataAt: bigint | undefined

  /** @param limit the offset at which to stop */
  constructor(file: Pick<FileCalls, 'seek'>, limit: bigint) {
    this.#file = file
    this.#limit = limit
  }

  /** The extent that an offset lies in; undefined when it must be looked up. */
  known(offset: bigint): Extent | undefined {
    return offset < this.#current.end ? this.#current : undefined
  }

  /** Looks up the extent that an offset lies in. */
  *look(offset: bigint): Work<Extent> {
    return (this.#current = yield* this.#find(offset))
  }

  *#find(offset: bigint): Work<Extent> {
    const nothing = { isData: false, end: this.#limit }
    for (let isKnown = this.#dataAt === offset; ; isKnown = false) {
      const found = isKnown ? offset : this.#file.seek(offset, SEEK_DATA)
      const data = found instanceof Promise ? ((yield found) as bigint | undefined) : found
      if (data === undefined) return nothing
      this.#dataAt = data
      if (data > offset) return { isData: false, end: smaller(data, this.#limit) }
      const behind = this.#file.seek(offset, SEEK_HOLE)
      const hole = behind instanceof Promise ? ((yield behind) as bigint | undefined) : behind
      if (hole === undefined) return nothing
      // Otherwise the data was removed between the two calls.
      if (hole > offset) return { isData: true, end: smaller(hole, this.#limit) }
    }
  }
}

/** Where a file has data between two offsets. A second stream of the same file needs another open file. */
export async function* dataSpans(file: OpenFile, from: bigint, to: bigint): AsyncGenerator<Span> {
  const extents = new Extents(new FileInProcess(file), to)
  for (let position = from; position < to;) {
    const { end, isData } = await inProcess(extents.look(position))
    if (isData) yield { start: position, end }
    position = end
  }
}
