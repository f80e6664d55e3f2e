import type { Logger } from 'pino'
import { messageOf } from '../../model/errors.ts'
import type { Ballast } from '../files/ballast.ts'
import { removePersistently } from '../files/durable.ts'
import type { Gate } from '../gate/gate.ts'

/** Each removal holds a file open, and delays writers on the same disk while blocks are freed. */
const REMOVALS_AT_ONCE = 8

/** Frees the blocks of deleted directories in the background. */
export class Removals {
  /** Directories that no removal has taken up. */
  readonly #waiting: string[] = []
  readonly #running = new Set<Promise<void>>()
  readonly #ballast: Ballast
  readonly #gate: Gate
  readonly #log: Logger

  constructor(ballast: Ballast, gate: Gate, log: Logger) {
    this.#ballast = ballast
    this.#gate = gate
    this.#log = log
  }

  add(path: string): void {
    this.#waiting.push(path)
    if (this.#running.size >= REMOVALS_AT_ONCE) return
    const running = this.#remove().finally(() => this.#running.delete(running))
    this.#running.add(running)
  }

  /** Waits for those that run. */
  async settle(): Promise<void> {
    await Promise.all(this.#running)
  }

  /** Takes what was freed for the ballast, which a deletion may have used. */
  async restoreBallast(): Promise<void> {
    await this.#gate.within(() => this.#ballast.restore()).catch(() => undefined)
  }

  async #remove(): Promise<void> {
    for (let path = this.#waiting.pop(); path !== undefined; path = this.#waiting.pop()) {
      const directory = path
      try {
        await this.#gate.within(() => removePersistently(directory))
      } catch (error) {
        this.#log.warn({ path, error: messageOf(error) }, 'removal failed; the next start tries again')
      }
    }
    await this.restoreBallast()
  }
}
