import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

/** One turn of the writer: some blocks, and perhaps a flush. */
export interface Write {
  /** Milliseconds since 1970. */
  readonly endedAt: number
  readonly tookMs: number
  readonly bytes: number
}

export interface Pace {
  readonly bytesPerSecond: number
  /** Whether every few turns it calls fdatasync(2). */
  readonly flushes: boolean
}

const program = fileURLToPath(new URL('writer.ts', import.meta.url))

/** A process that writes to a file, until the disposal at the latest. */
export class Writing implements AsyncDisposable {
  readonly #child: ChildProcess

  private constructor(child: ChildProcess) {
    this.#child = child
  }

  static async start(file: string, { bytesPerSecond, flushes }: Pace): Promise<Writing> {
    // In a group of its own: Ctrl-C is for us. It ends with us whatever happens, by its end of the channel.
    const args = [file, `${bytesPerSecond}`, `${flushes}`]
    const child = fork(program, args, { detached: true, serialization: 'advanced' })
    await using undo = new AsyncDisposableStack()
    const writing = undo.use(new Writing(child))
    await writing.#answer()
    undo.move()
    return writing
  }

  /** Ends it. @returns what it did */
  async stop(): Promise<readonly Write[]> {
    const answer = this.#answer()
    this.#child.send('stop')
    return (await answer) as Write[]
  }

  async #answer(): Promise<unknown> {
    const settled = new AbortController()
    const ended = once(this.#child, 'exit', settled).then((): never => {
      throw new Error('the writer ended without a word')
    })
    try {
      const [message] = (await Promise.race([once(this.#child, 'message', settled), ended])) as unknown[]
      return message
    } finally {
      ended.catch(() => undefined)
      settled.abort()
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return
    const ended = once(this.#child, 'exit')
    this.#child.kill('SIGKILL')
    await ended
  }
}
