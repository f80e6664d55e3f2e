import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'

const MAX_COMPLAINT_CHARACTERS = 2000

/** A program that reads lines and answers with lines. */
export class Session implements AsyncDisposable {
  readonly #name: string
  readonly #child: ChildProcessWithoutNullStreams
  readonly #lines: AsyncIterator<string>
  readonly #ended: Promise<unknown>
  #complaint = ''

  constructor(command: string, args: readonly string[], environment: NodeJS.ProcessEnv = {}) {
    const env = { ...process.env, ...environment }
    // In a group of its own: Ctrl-C must reach only us.
    const child = spawn(command, args, { env, detached: true, cwd: '/' })
    child.stderr.on('data', (chunk: Buffer) => {
      this.#complaint = `${this.#complaint}${chunk.toString()}`.slice(-MAX_COMPLAINT_CHARACTERS)
    })
    // It may end while it is being told something; the next answer is missing then.
    child.stdin.on('error', () => undefined)
    this.#ended = once(child, 'close').catch((error: unknown) => (this.#complaint = String(error)))
    this.#lines = createInterface(child.stdout)[Symbol.asyncIterator]()
    this.#child = child
    this.#name = command
  }

  tell(text: string): void {
    this.#child.stdin.write(`${text}\n`)
  }

  /** @throws Error with what it has written to standard error, when it has ended */
  async next(): Promise<string> {
    const line = await this.#lines.next()
    if (line.done !== true) return line.value
    await this.#ended
    throw new Error(`${this.#name} has ended: ${this.#complaint.trim()}`)
  }

  /** Lets it end by itself, at the end of what it is told. */
  async end(): Promise<void> {
    this.#child.stdin.end()
    await this.#ended
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill('SIGKILL')
    await this.#ended
  }
}
