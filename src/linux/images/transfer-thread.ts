import { once } from 'node:events'
import { extname, join } from 'node:path'
import { Worker } from 'node:worker_threads'
import { turn } from '../../volumes/pool/gate/turn.ts'
import type { FileDescriptor } from './file-calls.ts'
import type { OpenFile } from './open-file.ts'
import type { Span } from './spans.ts'
import type { TransferredStep } from './transfer-engine.ts'

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
const MOST_THREADS = 4

let taken = 0

/** The right of one copy to a thread, if one is free, until the disposal. */
export class ThreadShare implements Disposable {
  #isTaken = false

  /** @returns false when other copies have all threads */
  take(): boolean {
    if (this.#isTaken) return true
    if (taken >= MOST_THREADS) return false
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
      answer = once(worker, 'message')
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
