import { open, unlink } from 'node:fs/promises'
import { smaller } from '../../volumes/model/bytes.ts'
import type { CopyProgress, Extent, ImageCopier } from '../../volumes/model/ports/image-copier.ts'
import { turn } from '../../volumes/pool/gate/turn.ts'
import { openImage } from '../files/open-image.ts'
import { differences } from './differences.ts'
import { dataSpans } from './extents.ts'
import { sizeOf, type OpenFile } from './open-file.ts'
import { canClone, estimateData, tryClone } from './shared-blocks.ts'
import { aligned, spansOf, toExtent, type Span } from './spans.ts'
import { transfer } from './transfer.ts'

/** Known changes are rounded out to multiples of this, the resolution of write traces. */
const CHANGE_BYTES = 64n << 10n

/** The ImageCopier port on FICLONE, SEEK_DATA, copy_file_range(2) and FIEMAP. It needs no privilege. */
export class LinuxImageCopier implements ImageCopier {
  async canShare(source: string, target: string): Promise<boolean> {
    await using from = await openFile(source, 'r')
    await using to = await makeFile(target)
    return await canClone(from, to)
  }

  async share(source: string, target: string): Promise<boolean> {
    await using from = await openFile(source, 'r')
    await using to = await makeFile(target)
    const isShared = await tryClone(from, to)
    if (isShared) to.keep()
    return isShared
  }

  async shareAgain(source: string, target: string): Promise<boolean> {
    await using from = await openFile(source, 'r')
    await using to = await openFile(target, 'r+')
    await resizeLike(from, to)
    return await tryClone(from, to)
  }

  async copy(
    source: string,
    target: string,
    onProgress: (progress: CopyProgress) => void,
    signal: AbortSignal,
  ): Promise<void> {
    signal.throwIfAborted()
    await using from = await openFile(source, 'r')
    await using to = await makeFile(target)
    await copyData(from, to, onProgress, signal)
    to.keep()
  }

  async update(source: string, target: string, signal: AbortSignal): Promise<bigint> {
    signal.throwIfAborted()
    await using from = await openFile(source, 'r')
    await using to = await openFile(target, 'r+')
    const size = await resizeLike(from, to)
    return await sum(transfer(from, to, [{ start: 0n, end: size }], signal))
  }

  /**
   * As `update`, limited to extents that may have changed since the last time. Besides these, only data
   * behind the target's end is compared, where a grown source has data that the target never had.
   * @param changed ascending, never overlapping
   */
  async updateWithin(
    source: string,
    target: string,
    changed: readonly Extent[],
    signal: AbortSignal,
  ): Promise<bigint> {
    signal.throwIfAborted()
    await using from = await openFile(source, 'r')
    await using to = await openFile(target, 'r+')
    const before = await sizeOf(to)
    const size = await resizeLike(from, to)
    const end = smaller(before, size)
    const spans: Span[] = []
    for await (const span of aligned(spansOf(changed), CHANGE_BYTES, { start: 0n, end })) spans.push(span)
    if (end < size) spans.push({ start: end, end: size })
    return await sum(transfer(from, to, spans, signal))
  }

  async *extents(path: string, from: bigint, signal: AbortSignal): AsyncGenerator<Extent> {
    await using file = await openFile(path, 'r')
    for await (const span of dataSpans(file, from, await sizeOf(file))) {
      signal.throwIfAborted()
      yield toExtent(span)
    }
  }

  async *differences(
    base: string,
    target: string,
    from: bigint,
    signal: AbortSignal,
  ): AsyncGenerator<Extent> {
    await using before = await openFile(base, 'r')
    await using after = await openFile(target, 'r')
    for await (const span of differences(before, after, from, signal)) yield toExtent(span)
  }
}

async function copyData(
  source: OpenFile,
  target: OpenFile,
  onProgress: (progress: CopyProgress) => void,
  signal: AbortSignal,
): Promise<void> {
  const whole = { start: 0n, end: await resizeLike(source, target) }
  const progress = new Progress(await estimateData(source, whole), onProgress)
  for await (const bytes of transfer(source, target, [whole], signal)) {
    progress.add(bytes)
  }
  progress.end()
}

const INTERVAL_MS = 100

/** Reports progress, at most ten times a second. */
class Progress {
  readonly #report: (progress: CopyProgress) => void
  #totalBytes: bigint
  #copiedBytes = 0n
  #reportedAt = 0

  /** @param totalBytes an estimate, which grows when it was too low */
  constructor(totalBytes: bigint, report: (progress: CopyProgress) => void) {
    this.#totalBytes = totalBytes
    this.#report = report
  }

  add(bytes: bigint): void {
    this.#copiedBytes += bytes
    if (this.#totalBytes < this.#copiedBytes) this.#totalBytes = this.#copiedBytes
    if (performance.now() - this.#reportedAt >= INTERVAL_MS) this.#send()
  }

  /** Reports the exact total. */
  end(): void {
    this.#totalBytes = this.#copiedBytes
    this.#send()
  }

  #send(): void {
    this.#reportedAt = performance.now()
    this.#report({ copiedBytes: this.#copiedBytes, totalBytes: this.#totalBytes })
  }
}

/** @returns the size, in bytes, of both */
async function resizeLike(source: OpenFile, target: OpenFile): Promise<bigint> {
  const size = await sizeOf(source)
  if ((await sizeOf(target)) !== size) await turn(() => target.handle.truncate(Number(size)))
  return size
}

async function sum(numbers: AsyncIterable<bigint>): Promise<bigint> {
  let total = 0n
  for await (const number of numbers) total += number
  return total
}

/** Opens an existing image. */
async function openFile(path: string, flags: 'r' | 'r+'): Promise<OpenFile & AsyncDisposable> {
  const handle = await turn(() => openImage(path, flags))
  return { handle, path, [Symbol.asyncDispose]: () => handle.close() }
}

/** A new image, which is removed with the disposal unless it is to be kept. */
async function makeFile(path: string): Promise<OpenFile & AsyncDisposable & { keep(): void }> {
  const handle = await turn(() => open(path, 'wx+', 0o600))
  let isKept = false
  return {
    handle,
    path,
    keep() {
      isKept = true
    },
    async [Symbol.asyncDispose]() {
      await using _closed = handle
      if (!isKept) await turn(() => unlink(path))
    },
  }
}
