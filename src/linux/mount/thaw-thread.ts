import { extname, join } from 'node:path'
import { Worker } from 'node:worker_threads'
import { FITHAW } from '../abi/files.ts'
import { workerError } from '../process/command-error.ts'
import { ioctlSync } from '../system-calls.ts'

export interface ThawRequest {
  readonly number: number
  readonly fd: number
  readonly place: string
}

export interface ThawAnswer {
  readonly number: number
  readonly error?: unknown
}

const program = join(import.meta.dirname, `thaw-worker${extname(import.meta.filename)}`)

/** It runs one ioctl, and needs far less than V8's defaults. */
const resourceLimits = { maxYoungGenerationSizeMb: 1, maxOldGenerationSizeMb: 16 }

/**
 * A thread for FITHAW alone. libuv's threads cannot be used: all of them may be in calls on another disk that
 * hangs. Neither can the main thread: ext4 writes its superblock in FITHAW, and so waits for its disk.
 */
export class ThawThread {
  readonly #waiting = new Map<number, (answer: ThawAnswer) => void>()
  #worker: Worker | undefined
  #starting: Promise<void> | undefined
  #requests = 0

  /** @throws when the thread cannot be started */
  async started(): Promise<void> {
    this.#starting ??= this.#start().catch((error: unknown) => {
      this.#starting = undefined
      throw error
    })
    await this.#starting
  }

  /** Ends the thread. Nothing may be under way; the next thaw starts it again. */
  end(): void {
    void this.#worker?.terminate()
  }

  /** @returns false when it was not frozen */
  async thaw(fd: number, place: string): Promise<boolean> {
    try {
      await this.#request(fd, place)
      return true
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EINVAL') return false
      throw error
    }
  }

  async #request(fd: number, place: string): Promise<void> {
    await this.started().catch(() => undefined)
    const worker = this.#worker
    // A driver that waits for a disk is better than writers that stay frozen.
    if (!worker) return void ioctlSync(fd, FITHAW, 0, `thaw ${place}`)
    const number = ++this.#requests
    const answer = new Promise<ThawAnswer>((resolve) => this.#waiting.set(number, resolve))
    worker.ref()
    worker.postMessage({ number, fd, place } satisfies ThawRequest)
    const { error } = await answer
    this.#waiting.delete(number)
    if (this.#waiting.size === 0) worker.unref()
    if (error !== undefined) {
      const { code, message } = error as NodeJS.ErrnoException
      throw Object.assign(new Error(message), { code })
    }
  }

  async #start(): Promise<void> {
    const worker = new Worker(program, { resourceLimits })
    const started = Promise.withResolvers<undefined>()
    worker.on('message', (message: ThawAnswer | 'started') => {
      if (message === 'started') started.resolve(undefined)
      else this.#waiting.get(message.number)?.(message)
    })
    worker.on('error', (cause) => {
      const error = workerError(cause)
      started.reject(error)
      this.#end(error)
    })
    worker.on('exit', () => {
      const error = new Error('the thread that thaws has ended')
      started.reject(error)
      this.#end(error)
    })
    await started.promise
    this.#worker = worker
    worker.unref()
  }

  /** The next thaw starts another thread, or runs on the main thread. */
  #end(error: unknown): void {
    this.#worker = undefined
    this.#starting = undefined
    for (const [number, answer] of this.#waiting) answer({ number, error })
  }
}
