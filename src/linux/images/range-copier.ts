import { hasErrno } from '../../volumes/model/errors.ts'
import { turn } from '../../volumes/pool/gate/gate.ts'
import { copyFileRange } from '../libc.ts'
import type { BufferPool } from './buffer-pool.ts'
import { readZeroFilled, writeAll, type OpenFile } from './open-file.ts'
import { pieces, type Span } from './spans.ts'

/** What copy_file_range(2) says where it cannot be used, for every range of the two files alike. */
export const CANNOT_COPY_INSIDE = ['EXDEV', 'EINVAL', 'ENOTSUP', 'ENOSYS'] as const

/** Copies ranges of one file to the same place in another: inside the kernel where it may and can. */
export class RangeCopier {
  readonly #source: OpenFile
  readonly #target: OpenFile
  readonly #buffers: BufferPool
  #insideKernel: boolean

  constructor(source: OpenFile, target: OpenFile, buffers: BufferPool, insideKernel: boolean) {
    this.#source = source
    this.#target = target
    this.#buffers = buffers
    this.#insideKernel = insideKernel
  }

  /** What a source that has become shorter does not have any more is not written. */
  async copy(span: Span): Promise<void> {
    const copied = this.#insideKernel ? await this.#copyInside(span) : span.start
    if (copied < span.end && !this.#insideKernel) await this.#copyThrough({ start: copied, end: span.end })
  }

  /** @returns how far it came: not to the end when the source ends before, or when the kernel cannot do it */
  async #copyInside({ start, end }: Span): Promise<bigint> {
    const [source, target] = [this.#source, this.#target]
    let position = start
    while (position < end) {
      const what = `copy ${end - position} bytes at ${position} of ${source.path} to ${target.path}`
      try {
        const [from, to, length] = [source.handle.fd, target.handle.fd, end - position]
        const copied = await turn(() => copyFileRange(from, to, position, length, what))
        if (copied === 0n) break
        position += copied
      } catch (error) {
        if (!hasErrno(error, ...CANNOT_COPY_INSIDE)) throw error
        this.#insideKernel = false
        break
      }
    }
    return position
  }

  async #copyThrough(span: Span): Promise<void> {
    for (const { start, end } of pieces(span, this.#buffers.bytes)) {
      using piece = this.#buffers.borrow(end - start)
      await readZeroFilled(this.#source, piece.buffer, start)
      await writeAll(this.#target, piece.buffer, start)
    }
  }
}
