import { hasErrno } from '../../volumes/model/errors.ts'
import { SEEK_DATA, SEEK_HOLE } from '../files/file-abi.ts'
import { lseekSync } from '../libc.ts'
import { minimum } from './spans.ts'

/** Whether there is data at an offset of a file, and up to which one that holds. */
interface Extent {
  readonly isData: boolean
  readonly end: bigint
}

/**
 * The data and the holes of a file, as `dataSpans` sees them, by calls on this thread and for ascending
 * offsets.
 */
export class Extents {
  readonly #fd: number
  readonly #limit: bigint
  #current: Extent = { isData: false, end: 0n }

  /** @param limit an offset behind which nobody asks */
  constructor(fd: number, limit: bigint) {
    this.#fd = fd
    this.#limit = limit
  }

  at(offset: bigint): Extent {
    if (offset >= this.#current.end) this.#current = this.#look(offset)
    return this.#current
  }

  #look(offset: bigint): Extent {
    for (;;) {
      const data = this.#seek(offset, SEEK_DATA)
      if (data > offset) return { isData: false, end: data }
      const hole = this.#seek(offset, SEEK_HOLE)
      // Else the data went away between the two calls.
      if (hole > offset) return { isData: true, end: hole }
    }
  }

  /** @returns the limit where there is nothing before it, or the file has become shorter than the offset */
  #seek(offset: bigint, whence: number): bigint {
    try {
      return minimum(lseekSync(this.#fd, offset, whence, 'find the extents'), this.#limit)
    } catch (error) {
      if (hasErrno(error, 'ENXIO')) return this.#limit
      throw error
    }
  }
}
