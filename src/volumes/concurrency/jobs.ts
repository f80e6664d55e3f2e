import { VolumeError } from '../model/errors.ts'
import { unlessAborted } from './deadlines.ts'

/**
 * Work that takes longer than a call may: it continues when its caller gives up, and a repeated call joins
 * it. It ends with the process, and the next call starts it again.
 */
export class Jobs implements AsyncDisposable {
  readonly #running = new Map<
    string,
    { readonly result: Promise<unknown>; readonly cancel: AbortController }
  >()

  #isStopping = false

  /**
   * Joins or starts the job of this key, and waits for its result.
   * @param work gets a signal of its own, which fires when the job is cancelled
   * @throws VolumeError unavailable when the driver is stopping; the signal's reason when the caller gives
   * up; the job continues
   */
  async run<T>(key: string, work: (signal: AbortSignal) => Promise<T>, signal: AbortSignal): Promise<T> {
    signal.throwIfAborted()
    if (this.#isStopping) throw stopping()
    const job = this.#running.get(key) ?? this.#begin(key, work)
    return (await unlessAborted(job.result, signal)) as T
  }

  /** The keys of the running jobs. */
  get running(): string[] {
    return [...this.#running.keys()]
  }

  isRunning(key: string): boolean {
    return this.#running.has(key)
  }

  /** Ends the job of this key, if there is one, and waits until it has cleaned up. */
  async cancel(key: string, reason: Error): Promise<void> {
    const job = this.#running.get(key)
    job?.cancel.abort(reason)
    await job?.result.catch(() => undefined)
  }

  /** Ends all jobs and starts no more, so that waiting calls end. Waits until the jobs have cleaned up. */
  async stop(): Promise<void> {
    this.#isStopping = true
    await Promise.all([...this.#running.keys()].map((key) => this.cancel(key, stopping())))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop()
  }

  #begin<T>(key: string, work: (signal: AbortSignal) => Promise<T>) {
    const cancel = new AbortController()
    const result = work(cancel.signal).finally(() => this.#running.delete(key))
    // All waiting calls get the error. If none waits, it is dropped: the next call starts again and meets it.
    result.catch(() => undefined)
    const job = { result, cancel }
    this.#running.set(key, job)
    return job
  }
}

function stopping(): VolumeError {
  return new VolumeError('unavailable', 'the driver is stopping; repeat the call')
}
