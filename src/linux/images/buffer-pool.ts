/**
 * Buffers of one size that are used again: fresh ones cost more, by their page faults, than what is read into
 * them.
 */
export class BufferPool {
  readonly bytes: bigint
  readonly #free: Buffer[] = []

  constructor(bytes: bigint) {
    this.bytes = bytes
  }

  /** Lends a buffer with its first `length` bytes in sight, until the disposal. */
  borrow(length: bigint): Disposable & { readonly buffer: Buffer } {
    const whole = this.#free.pop() ?? Buffer.allocUnsafeSlow(Number(this.bytes))
    return {
      buffer: whole.subarray(0, Number(length)),
      [Symbol.dispose]: () => {
        this.#free.push(whole)
      },
    }
  }
}
