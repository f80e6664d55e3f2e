import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'

/** An SQL session. */
export interface Client extends AsyncDisposable {
  /**
   * Sends a line of SQL.
   * @returns the lines of its answer
   * @throws Error when the session ends, as it does after any error, or does not answer in time
   */
  ask: (sql: string) => Promise<string[]>
}

/** The end of an answer. */
const MARK = '-- end --'

/** A session that does not answer for so long has lost its pod; a freeze of a volume is shorter. */
const ANSWER_LIMIT_MS = 120_000

/** A session of a program that reads SQL from standard input, such as `kubectl exec` with one in a pod. */
export class ProcessClient implements Client {
  readonly #child: ChildProcessWithoutNullStreams
  readonly #closed: Promise<unknown>
  readonly #lines: AsyncIterator<string, undefined>
  #stderr = ''

  constructor(command: string, args: readonly string[]) {
    const child = spawn(command, args)
    this.#child = child
    this.#closed = once(child, 'close').catch(() => undefined)
    this.#lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
    child.stderr.on('data', (chunk: Buffer) => (this.#stderr += chunk.toString()))
    child.on('error', (error) => (this.#stderr += error.message))
    // A session that has ended says so by the end of its output.
    child.stdin.on('error', () => undefined)
  }

  async ask(sql: string): Promise<string[]> {
    const timer = setTimeout(() => this.#child.kill(), ANSWER_LIMIT_MS)
    try {
      this.#child.stdin.write(`${sql} SELECT '${MARK}';\n`)
      return await this.#answer()
    } finally {
      clearTimeout(timer)
    }
  }

  async #answer(): Promise<string[]> {
    const lines: string[] = []
    for (;;) {
      const { value } = await this.#lines.next()
      if (value === undefined) {
        await this.#closed
        throw new Error(`the session has ended: ${this.#stderr.trim()}`)
      }
      if (value === MARK) return lines
      lines.push(value)
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.stdin.end()
    this.#child.kill()
    await this.#closed
  }
}
