import { setTimeout } from 'node:timers/promises'
import type { Logger } from 'pino'

/** Pauses differ from the interval by up to this part of it, so that many nodes do not stay in step. */
const JITTER = 0.1

/**
 * Work that is repeated in the background. The first time comes after a random part of the interval: nodes
 * that start together do not all work at once. Disposing cancels what runs, and waits for its end.
 */
export class Schedule implements AsyncDisposable {
  readonly #stop = new AbortController()
  readonly #ended: Promise<void>

  /**
   * @param intervalMs from the end of one run to the start of the next, in milliseconds
   * @param work a failure is logged and does not end the schedule
   */
  constructor(intervalMs: number, work: (signal: AbortSignal) => Promise<void>, log: Logger) {
    this.#ended = this.#repeat(intervalMs, work, log)
  }

  /** As disposing, without waiting. */
  cancel(): void {
    this.#stop.abort(new Error('the driver is stopping'))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.cancel()
    await this.#ended
  }

  async #repeat(
    intervalMs: number,
    work: (signal: AbortSignal) => Promise<void>,
    log: Logger,
  ): Promise<void> {
    const { signal } = this.#stop
    for (let part = Math.random(); ; part = 1 - JITTER + 2 * JITTER * Math.random()) {
      try {
        await setTimeout(intervalMs * part, undefined, { signal })
        await work(signal)
      } catch (error) {
        if (signal.aborted) return
        log.error({ err: error }, 'background work failed')
      }
    }
  }
}
