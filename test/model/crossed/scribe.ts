import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import type { Target } from './records.ts'

export interface ScribeRequest {
  readonly id: number
  readonly work: 'prepare' | 'write' | 'fill'
  /** Each record goes to all of them, in this order. */
  readonly targets: readonly Target[]
  readonly first: number
  readonly count: number
}

export interface ScribeAnswer {
  readonly id: number
  /** A record that is on the disks of all targets. Without it all is done. */
  readonly written?: number
  readonly error?: string
}

const PROCESS = fileURLToPath(new URL('scribe-process.ts', import.meta.url))

/**
 * Writes to volumes in a process of its own: who writes to a file system that is frozen stands still in the
 * kernel, and the test must not.
 */
export class Scribe implements AsyncDisposable {
  readonly #child: ChildProcess
  readonly #ended: Promise<unknown>
  readonly #waiting = new Map<number, (answer: ScribeAnswer) => void>()
  #requests = 0

  constructor() {
    const env = { ...process.env, UV_THREADPOOL_SIZE: '16' }
    const child = spawn(process.execPath, [PROCESS], { env, stdio: ['pipe', 'pipe', 'inherit'] })
    createInterface(child.stdout).on('line', (line) => {
      const answer = JSON.parse(line) as ScribeAnswer
      this.#waiting.get(answer.id)?.(answer)
    })
    this.#child = child
    this.#ended = once(child, 'close')
  }

  async prepare(targets: readonly Target[]): Promise<void> {
    await this.#ask({ work: 'prepare', targets, first: 0, count: 0 })
  }

  async fill(target: Target): Promise<void> {
    await this.#ask({ work: 'fill', targets: [target], first: 0, count: 0 })
  }

  /** @param onWritten gets each record when it is flushed */
  async write(
    targets: readonly Target[],
    first: number,
    count: number,
    onWritten: (number: number) => void,
  ): Promise<void> {
    await this.#ask({ work: 'write', targets, first, count }, onWritten)
  }

  #ask(request: Omit<ScribeRequest, 'id'>, onWritten?: (number: number) => void): Promise<void> {
    const id = ++this.#requests
    const { promise, resolve, reject } = Promise.withResolvers<undefined>()
    this.#waiting.set(id, ({ written, error }) => {
      if (written !== undefined) {
        onWritten?.(written)
        return
      }
      this.#waiting.delete(id)
      if (error === undefined) resolve(undefined)
      else reject(new Error(error))
    })
    this.#child.stdin?.write(`${JSON.stringify({ id, ...request })}\n`)
    return promise
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill('SIGKILL')
    await this.#ended
  }
}
