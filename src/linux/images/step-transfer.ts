import { readSync, writeSync } from 'node:fs'
import { hasErrno } from '../../volumes/model/errors.ts'
import { FALLOC_FL_KEEP_SIZE, FALLOC_FL_PUNCH_HOLE } from '../files/file-abi.ts'
import { copyFileRangeSync, fallocateSync } from '../libc.ts'
import { differingRuns } from './differing-runs.ts'
import { Extents } from './extents.ts'
import { COMPARE_BYTES, COPY_BYTES, WRITTEN_RUNS } from './limits.ts'
import { CANNOT_COPY_INSIDE } from './range-copier.ts'
import { minimum, pieces, type Span } from './spans.ts'

/** The descriptors of two open files, and what may be done with them. */
export interface TransferFiles {
  readonly source: number
  readonly target: number
  /** Whether copy_file_range(2) may be used. */
  readonly insideKernel: boolean
}

export interface TransferredStep {
  /** How far it came. */
  readonly end: bigint
  /** Bytes written. */
  readonly bytes: bigint
}

/**
 * A step takes no more than one extent longer than this, so that a cancelled copy ends soon, and a call that
 * waits for its turn at the pool has it: a slow disk can need a minute for thousands of extents.
 */
const STEP_MS = 50

/** As `transfer`, step by step, and with every call on this thread, which waits for it. */
export class StepTransfer {
  readonly #source: number
  readonly #target: number
  readonly #wanted = Buffer.alloc(Number(COMPARE_BYTES))
  readonly #found = Buffer.alloc(Number(COMPARE_BYTES))
  #insideKernel: boolean

  constructor({ insideKernel, source, target }: TransferFiles) {
    this.#source = source
    this.#target = target
    this.#insideKernel = insideKernel
  }

  /** Does as much of a span as is one step, at least one extent. No more data than COPY_BYTES. */
  step({ start, end }: Span, stepMs = STEP_MS): TransferredStep {
    const deadline = performance.now() + stepMs
    const [source, target] = [new Extents(this.#source, end), new Extents(this.#target, end)]
    let [position, data, bytes] = [start, 0n, 0n]
    do {
      const [left, right] = [source.at(position), target.at(position)]
      const most = left.isData ? position + COPY_BYTES - data : end
      const part = { start: position, end: minimum(most, minimum(left.end, right.end)) }
      if (left.isData) {
        data += part.end - position
        bytes += right.isData ? this.#correct(part) : this.#copy(part)
      } else if (right.isData) this.#punch(part)
      position = part.end
    } while (position < end && data < COPY_BYTES && performance.now() < deadline)
    return { end: position, bytes }
  }

  #copy(span: Span): bigint {
    const start = this.#copyInside(span)
    for (const piece of this.#insideKernel ? [] : pieces({ start, end: span.end }, COMPARE_BYTES)) {
      const length = readAll(this.#source, part(this.#wanted, piece), piece.start)
      writeAll(this.#target, this.#wanted.subarray(0, length), piece.start)
    }
    return span.end - span.start
  }

  /** @returns how far it came: not to the end when the source ends before, or when the kernel cannot do it */
  #copyInside({ start, end }: Span): bigint {
    let position = start
    try {
      while (this.#insideKernel && position < end) {
        const length = end - position
        const copied = copyFileRangeSync(this.#source, this.#target, position, length, 'copy an extent')
        if (copied === 0n) break
        position += copied
      }
    } catch (error) {
      if (!hasErrno(error, ...CANNOT_COPY_INSIDE)) throw error
      this.#insideKernel = false
    }
    return position
  }

  /** @returns the bytes that differed, with those between them that were written along */
  #correct(span: Span): bigint {
    let written = 0n
    for (const piece of pieces(span, COMPARE_BYTES)) {
      const [wanted, found] = [part(this.#wanted, piece), part(this.#found, piece)]
      wanted.fill(0, readAll(this.#source, wanted, piece.start))
      found.fill(0, readAll(this.#target, found, piece.start))
      for (const run of differingRuns(wanted, found, WRITTEN_RUNS)) {
        writeAll(this.#target, wanted.subarray(run.start, run.end), piece.start + BigInt(run.start))
        written += BigInt(run.end - run.start)
      }
    }
    return written
  }

  #punch({ start, end }: Span): void {
    const mode = FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE
    fallocateSync(this.#target, mode, start, end - start, 'punch a hole')
  }
}

function part(buffer: Buffer, { start, end }: Span): Buffer {
  return buffer.subarray(0, Number(end - start))
}

/** @returns how many bytes there were: less than the buffer has only at the end of the file */
function readAll(fd: number, buffer: Buffer, offset: bigint): number {
  let filled = 0
  while (filled < buffer.length) {
    const length = readSync(fd, buffer, filled, buffer.length - filled, offset + BigInt(filled))
    if (length === 0) break
    filled += length
  }
  return filled
}

function writeAll(fd: number, buffer: Buffer, offset: bigint): void {
  let written = 0
  while (written < buffer.length) {
    written += writeSync(fd, buffer, written, buffer.length - written, Number(offset) + written)
  }
}
