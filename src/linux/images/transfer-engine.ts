import { roundUp, smaller } from '../../volumes/model/bytes.ts'
import { hasErrno } from '../../volumes/model/errors.ts'
import { BUFFER_BYTES, BufferPool, differingRuns } from './buffers.ts'
import { Extents } from './extents.ts'
import type { FileCalls } from './file-calls.ts'
import { readZeroFilled, writeAll } from './open-file.ts'
import { pieces, type Span } from './spans.ts'
import { onThread, type Work } from './work.ts'

/** A piece of two files, and which of them has data there; all of it, or nothing. */
export interface Piece extends Span {
  readonly inSource: boolean
  readonly inTarget: boolean
}

/**
 * No call copies or punches more than this, so that a cancelled copy ends soon: 5 ms in memory, 0.2 s on a
 * slow disk.
 */
const COPY_BYTES = 16n << 20n

/** Writes single blocks, unless they are so close that one call for both is cheaper. */
const WRITTEN_RUNS = { granule: 4 << 10, gap: 16 << 10, lead: 0 }

/** Errors of copy_file_range(2) that mean it cannot be used for these two files at all. */
const CANNOT_COPY_INSIDE = ['EXDEV', 'EINVAL', 'ENOTSUP', 'ENOSYS'] as const

/**
 * Makes a target equal to its source: data that only the source has is copied, data that only the target has
 * becomes a hole, and where both have data it is compared, and only what differs is written.
 */
export class TransferEngine {
  readonly #source: FileCalls
  readonly #target: FileCalls
  readonly #buffers = new BufferPool()
  #insideKernel: boolean

  /** @param insideKernel whether copy_file_range(2) may be used */
  constructor(source: FileCalls, target: FileCalls, insideKernel: boolean) {
    this.#source = source
    this.#target = target
    this.#insideKernel = insideKernel
  }

  /** The pieces of a span; each is looked up when the one before has been taken. */
  pieces(span: Span): Pieces {
    return new Pieces(this.#source, this.#target, span)
  }

  /** Makes the target equal to the source in one piece. @returns the bytes written */
  transfer(piece: Piece): Work<bigint> {
    if (!piece.inSource) return this.#punch(piece)
    return piece.inTarget ? this.#correct(piece) : this.#copy(piece)
  }

  *#punch(piece: Piece): Work<bigint> {
    const given = piece.inTarget && this.#target.punch(piece)
    if (given instanceof Promise) yield given
    return 0n
  }

  /** Data behind the end of a source that has shrunk is not written. */
  *#copy({ start, end }: Span): Work<bigint> {
    let position = start
    while (this.#insideKernel && position < end) {
      try {
        const given = this.#source.copyTo(this.#target, { start: position, end })
        const copied = given instanceof Promise ? ((yield given) as bigint) : given
        if (copied === 0n) break
        position += copied
      } catch (error) {
        if (!hasErrno(error, ...CANNOT_COPY_INSIDE)) throw error
        this.#insideKernel = false
      }
    }
    if (!this.#insideKernel) yield* this.#copyThrough({ start: position, end })
    return end - start
  }

  *#copyThrough(span: Span): Work<void> {
    for (const { start, end } of pieces(span, BUFFER_BYTES)) {
      using wanted = this.#buffers.borrow(end - start)
      const length = yield* readZeroFilled(this.#source, wanted.buffer, start)
      yield* writeAll(this.#target, wanted.buffer.subarray(0, length), start)
    }
  }

  /** @returns the bytes written: those that differed, and short gaps between them */
  *#correct({ start, end }: Span): Work<bigint> {
    using wanted = this.#buffers.borrow(end - start)
    using found = this.#buffers.borrow(end - start)
    const reading = this.#source.both(
      readZeroFilled(this.#source, wanted.buffer, start),
      readZeroFilled(this.#target, found.buffer, start),
    )
    if (reading instanceof Promise) yield reading
    let written = 0n
    for (const run of differingRuns(wanted.buffer, found.buffer, WRITTEN_RUNS)) {
      yield* writeAll(this.#target, wanted.buffer.subarray(run.start, run.end), start + BigInt(run.start))
      written += BigInt(run.end - run.start)
    }
    return written
  }
}

/** Walks through two files side by side. */
export class Pieces {
  readonly #calls: FileCalls
  readonly #source: Extents
  readonly #target: Extents
  readonly #end: bigint
  #position: bigint

  constructor(source: FileCalls, target: FileCalls, { start, end }: Span) {
    this.#calls = source
    this.#source = new Extents(source, end)
    this.#target = new Extents(target, end)
    this.#position = start
    this.#end = end
  }

  /** @returns undefined at the end of the span */
  *next(): Work<Piece | undefined> {
    const start = this.#position
    if (start >= this.#end) return undefined
    if (!this.#source.known(start) && !this.#target.known(start)) {
      const given = this.#calls.both(this.#source.look(start), this.#target.look(start))
      if (given instanceof Promise) yield given
    }
    const source = this.#source.known(start) ?? (yield* this.#source.look(start))
    const target = this.#target.known(start) ?? (yield* this.#target.look(start))
    const end = smaller(source.end, target.end)
    const piece = { start, end, inSource: source.isData, inTarget: target.isData }
    this.#position = smaller(end, mostOf(piece))
    return { ...piece, end: this.#position }
  }
}

/** The latest end of a piece. A hole in both files needs nothing, so it has no limit. */
function mostOf({ start, end, inSource, inTarget }: Piece): bigint {
  if (!inSource && !inTarget) return end
  return roundUp(start + 1n, inSource && inTarget ? BUFFER_BYTES : COPY_BYTES)
}

/** The result of one step of a thread. */
export interface TransferredStep {
  /** How far it came. */
  readonly end: bigint
  /** Bytes written. */
  readonly bytes: bigint
}

/**
 * A step takes no more than one extent longer than this, so that a cancelled copy ends soon, and other calls
 * get their turn at the pool's gate: a slow disk can need a minute for thousands of extents.
 */
const STEP_MS = 50

/** Transfers one step of a span: at least one piece, and no more data than COPY_BYTES. */
export function transferStep(engine: TransferEngine, span: Span, stepMs = STEP_MS): TransferredStep {
  const deadline = performance.now() + stepMs
  const pieces = engine.pieces(span)
  let [end, data, bytes] = [span.start, 0n, 0n]
  do {
    const piece = onThread(pieces.next())
    if (!piece) break
    if (piece.inSource) data += piece.end - piece.start
    if (data > COPY_BYTES) break
    bytes += onThread(engine.transfer(piece))
    end = piece.end
  } while (performance.now() < deadline)
  return { end, bytes }
}
