import { unlessAborted } from './deadlines.ts'

/** One holder per key at a time, first come, first served; different keys are independent. */
export class KeyedLock {
  readonly #tails = new Map<string, Promise<void>>()

  /**
   * Waits for the key. Disposing of the result releases it.
   * @throws the signal's reason when it is aborted while waiting
   */
  async acquire(key: string, signal: AbortSignal): Promise<Disposable> {
    signal.throwIfAborted()
    const previous = this.#tails.get(key)
    const { promise, resolve } = Promise.withResolvers<undefined>()
    this.#tails.set(key, promise)
    const release = () => {
      resolve(undefined)
      if (this.#tails.get(key) === promise) this.#tails.delete(key)
    }
    if (previous) {
      try {
        await unlessAborted(previous, signal)
      } catch (error) {
        // Later callers still wait for the current holder.
        void previous.then(release)
        throw error
      }
    }
    return { [Symbol.dispose]: release }
  }
}
