import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

/**
 * A program of this directory in a process of its own, so that it takes no time from what measures. It does
 * one thing for its first message, says what came of it, and ends with this process.
 */
export class Child<Answer> implements AsyncDisposable {
  /** What it said to the message that began it. */
  readonly answer: Answer
  readonly #process: ChildProcess
  /** Never fulfilled; rejected when the process ends. */
  readonly #ended: Promise<never>

  private constructor(child: ChildProcess, ended: Promise<never>, answer: Answer) {
    this.#process = child
    this.#ended = ended
    this.answer = answer
  }

  /**
   * @param program a file beside this one
   * @param message for it, as JSON can have it
   * @throws Error when it ends instead of answering
   */
  static async start<Answer>(program: string, message: object): Promise<Child<Answer>> {
    const path = fileURLToPath(new URL(program, import.meta.url))
    // In a group of its own: Ctrl-C must reach only us.
    const child = fork(path, { execArgv: [], detached: true })
    const ended = once(child, 'exit').then(([code, signal]) => {
      throw new Error(`${program} ended early (${code ?? signal})`)
    })
    ended.catch(() => undefined)
    return new Child(child, ended, await request<Answer>(child, ended, message))
  }

  /** Sends another message. @returns what it says to that */
  ask<Reply>(message: object): Promise<Reply> {
    return request<Reply>(this.#process, this.#ended, message)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#process.connected) this.#process.disconnect()
    await this.#ended.catch(() => undefined)
  }
}

async function request<Reply>(child: ChildProcess, ended: Promise<never>, message: object): Promise<Reply> {
  const answered = once(child, 'message')
  child.send(message)
  const [reply] = (await Promise.race([answered, ended])) as [Reply]
  return reply
}

/** Of the program: answers each message of the process that has started it, and ends with that process. */
export function serveParent(answer: (message: never) => Promise<object>): void {
  process.on('message', (message) => {
    void answer(message as never).then((reply) => process.send?.(reply))
  })
  process.on('disconnect', () => process.exit(0))
}
