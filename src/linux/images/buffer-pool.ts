/**
 * Larger buffers fall out of the processor's cache, smaller ones cost more calls (measured: 128 KiB to 4
 * MiB).
 */
export const BUFFER_BYTES = 512n << 10n

/** Buffers that are used again: the page faults of a fresh one cost more than what is read into it. */
export class BufferPool {
  readonly #free: Buffer[] = []

  /** Lends the first `length` bytes of a buffer, until the disposal. */
  borrow(length: bigint): Disposable & { readonly buffer: Buffer } {
    const whole = this.#free.pop() ?? Buffer.allocUnsafeSlow(Number(BUFFER_BYTES))
    return {
      buffer: whole.subarray(0, Number(length)),
      [Symbol.dispose]: () => {
        this.#free.push(whole)
      },
    }
  }
}
