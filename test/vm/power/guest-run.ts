import { setTimeout } from 'node:timers/promises'
import { Guest, type Images } from '../guest.ts'
import { after } from './acknowledgements.ts'
import type { Acknowledged, Message, Orders } from './messages.ts'

const PROGRAM = ['node', '--disable-warning=ExperimentalWarning', 'test/vm/power/guest-process.ts']
const LOOK_EVERY_MS = 10
/** Nothing takes so long in a guest that does not hang. */
const HANG_MS = 15 * 60_000

/** One life of a guest: what it has told, until its power is cut. */
export class GuestRun implements AsyncDisposable {
  /** How many steps of callers were answered. */
  answered = 0
  acknowledged: Acknowledged
  hasExited = false
  readonly #types = new Set<Message['type']>()
  #guest: Guest | undefined
  #output = ''
  #failure: string | undefined
  #heardAt = performance.now()

  private constructor(expected: Acknowledged) {
    this.acknowledged = expected
  }

  static async start(
    images: Images,
    orders: Orders,
    disk: string,
    expected: Acknowledged,
  ): Promise<GuestRun> {
    const run = new GuestRun(expected)
    const guest = await Guest.boot(images, {
      command: PROGRAM,
      files: { orders: JSON.stringify(orders) },
      disk,
      onOutput: (chunk) => (run.#output += chunk.toString()),
      onMessage: (line) => {
        const message = messageIn(line)
        if (message) run.#hear(message)
      },
    })
    run.#guest = guest
    void guest.exited.then((code) => {
      run.hasExited = true
      if (code !== 0) run.#failure ??= `the guest ended with ${code ?? 'its kernel'}`
    })
    return run
  }

  /** Whether the guest has told that. */
  has(type: Message['type']): boolean {
    return this.#types.has(type)
  }

  /** @throws Error with what the guest has found to be wrong, or when it hangs */
  async until(isThere: () => boolean, signal: AbortSignal): Promise<void> {
    while (!isThere() || this.#failure !== undefined) {
      signal.throwIfAborted()
      if (performance.now() > this.#heardAt + HANG_MS) this.#failure ??= 'the guest hangs'
      if (this.#failure !== undefined) throw new Error(`${this.#failure}\n${await this.#circumstances()}`)
      if (this.hasExited) throw new Error(`the guest has ended\n${await this.#circumstances()}`)
      await setTimeout(LOOK_EVERY_MS)
    }
  }

  /** Cuts its power. @throws Error when it has found something wrong before */
  async cut(): Promise<void> {
    await this.#guest?.kill()
    if (this.has('failed')) throw new Error(`${this.#failure}\n${await this.#circumstances()}`)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#guest?.[Symbol.asyncDispose]()
  }

  #hear(message: Message): void {
    this.#heardAt = performance.now()
    this.#types.add(message.type)
    this.acknowledged = after(this.acknowledged, message)
    if (message.type === 'answered') this.answered++
    if (message.type === 'failed') this.#failure = message.error
  }

  async #circumstances(): Promise<string> {
    return `${this.#output.slice(-8000)}\nthe last messages of its kernel:\n${await this.#guest?.lastLines()}`
  }
}

/** @returns undefined for the beginning of a message, which was being sent when the power was cut */
function messageIn(line: string): Message | undefined {
  try {
    return JSON.parse(line) as Message
  } catch {
    return undefined
  }
}
