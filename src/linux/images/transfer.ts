import { once } from 'node:events'
import { extname, join } from 'node:path'
import { Worker } from 'node:worker_threads'
import { turn } from '../../volumes/pool/gate/turn.ts'
import { workerError } from '../process/command-error.ts'
import { FileInProcess, type FileDescriptor } from './file-calls.ts'
import type { OpenFile } from './open-file.ts'
import { sharesBlocks } from './shared-blocks.ts'
import type { Span } from './spans.ts'
import { TransferEngine, type Piece, type TransferredStep } from './transfer-engine.ts'
import { inOrder, inProcess, WIDTH } from './work.ts'

const program = join(import.meta.dirname, `transfer-worker${extname(import.meta.filename)}`)

/** Two open files, and how they may be copied. */
export interface TransferFiles {
  readonly source: FileDescriptor
  readonly target: FileDescriptor
  /** Whether copy_file_range(2) may be used. */
  readonly insideKernel: boolean
}

/**
 * Threads of all copies at once. Each takes 20 MiB: one for each of the many copies of a backup would use up
 * the memory.
 */
const MAX_THREADS = 4

let taken = 0

/** The right of one copy to a thread, if one is free, until the disposal. */
class ThreadShare implements Disposable {
  #isTaken = false

  /** @returns false when other copies have all threads */
  take(): boolean {
    if (this.#isTaken) return true
    if (taken >= MAX_THREADS) return false
    taken++
    this.#isTaken = true
    return true
  }

  [Symbol.dispose](): void {
    if (this.#isTaken) taken--
    this.#isTaken = false
  }
}

/** It has two buffers outside of its heap, and needs far less than V8's defaults. */
const resourceLimits = { maxYoungGenerationSizeMb: 1, maxOldGenerationSizeMb: 16 }

/**
 * As `transfer`, in a thread of its own, which makes one call after the other. It takes some 60 ms and 15 MiB
 * to start, and then is ten times faster with small extents: handing a call to a thread and back takes longer
 * than the call. Each step has its turn at the pool's gate, so that a copy ends with its caller when the pool
 * does not answer.
 */
export async function* transferInThread(
  source: OpenFile,
  target: OpenFile,
  insideKernel: boolean,
  spans: readonly Span[],
  signal: AbortSignal,
): AsyncGenerator<bigint> {
  if (spans.length === 0) return
  await using thread = startThread({
    source: descriptorOf(source),
    target: descriptorOf(target),
    insideKernel,
  })
  for (const { start, end } of spans) {
    for (let position = start; position < end;) {
      signal.throwIfAborted()
      const step = { start: position, end }
      const done = await turn(() => thread.step(step))
      yield done.bytes
      position = done.end
    }
  }
}

function descriptorOf({ handle, path }: OpenFile): FileDescriptor {
  return { fd: handle.fd, path }
}

function startThread(files: TransferFiles) {
  const worker = new Worker(program, { workerData: files, resourceLimits })
  let answer: Promise<unknown[]> | undefined
  return {
    /** @throws the error of the thread, with its errno; the thread has then ended */
    async step(span: Span): Promise<TransferredStep> {
      answer = once(worker, 'message').catch((error: unknown) => {
        throw workerError(error)
      })
      worker.postMessage(span)
      const [done] = (await answer) as [TransferredStep]
      return done
    },
    async [Symbol.asyncDispose](): Promise<void> {
      // The caller may end before the step does. A terminated thread sends no answer, so its step would never
      // end.
      await answer?.catch(() => undefined)
      await worker.terminate()
    },
  }
}

/**
 * Makes the target equal to the source within these spans, with a few pieces at the same time; fragmented
 * files continue in a thread. The copies must have blocks of their own: where copy_file_range(2) would share
 * blocks, data is read and written instead.
 * @param spans ascending, never overlapping
 * @returns the bytes written, piece by piece
 */
export async function* transfer(
  source: OpenFile,
  target: OpenFile,
  spans: readonly Span[],
  signal: AbortSignal,
): AsyncGenerator<bigint> {
  const insideKernel = !(await sharesBlocks(target))
  const engine = new TransferEngine(new FileInProcess(source), new FileInProcess(target), insideKernel)
  using thread = new ThreadShare()
  const rest: Span[] = []
  yield* inOrder(unfragmented(engine, spans, thread, rest), WIDTH, (piece) => {
    signal.throwIfAborted()
    return inProcess(engine.transfer(piece))
  })
  yield* transferInThread(source, target, insideKernel, rest, signal)
}

/**
 * Files count as fragmented when so many extents are on average so small that the calls take longer than the
 * data.
 */
const EXTENTS = 256
const EXTENT_BYTES = 256n << 10n

/**
 * The pieces within the spans, as long as the two files are not fragmented, or there is no thread for
 * fragmented ones.
 * @param thread taken when the files are found to be fragmented
 * @param rest gets the remaining spans for the thread
 */
async function* unfragmented(
  engine: TransferEngine,
  spans: readonly Span[],
  thread: ThreadShare,
  rest: Span[],
): AsyncGenerator<Piece> {
  let [extents, bytes] = [0, 0n]
  for (const [index, span] of spans.entries()) {
    const pieces = engine.pieces(span)
    for (let piece = await inProcess(pieces.next()); piece; piece = await inProcess(pieces.next())) {
      if (!piece.inSource && !piece.inTarget) continue
      if (extents === EXTENTS) {
        if (bytes < BigInt(EXTENTS) * EXTENT_BYTES && thread.take()) {
          rest.push({ start: piece.start, end: span.end }, ...spans.slice(index + 1))
          return
        }
        ;[extents, bytes] = [0, 0n]
      }
      extents++
      bytes += piece.end - piece.start
      yield piece
    }
  }
}
