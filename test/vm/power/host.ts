import { open, type FileHandle } from 'node:fs/promises'
import type { Message } from './messages.ts'

/** In a guest: the host, which hears of each answer before the next call is made. */
export class Host implements AsyncDisposable {
  readonly #port: FileHandle
  #last: Promise<unknown> = Promise.resolve()

  private constructor(port: FileHandle) {
    this.#port = port
  }

  static async open(): Promise<Host> {
    return new Host(await open(process.env['VM_CONTROL'] ?? '', 'w'))
  }

  /** Resolves when qemu has the message: the host gets it even if the power is cut then. */
  tell(message: Message): Promise<void> {
    const told = this.#last.then(() => this.#port.writeFile(`${JSON.stringify(message)}\n`))
    this.#last = told.catch(() => undefined)
    return told
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#port.close()
  }
}
