/**
 * Larger buffers fall out of the processor's cache, smaller ones cost more calls (measured: 128 KiB to 4
 * MiB).
 */
export const BUFFER_BYTES = 512n << 10n

/** Reused buffers: the page faults of a new one cost more than the read. */
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

export interface RunOptions {
  /** The unit of comparison, in bytes; a run consists of whole units. */
  readonly granule: number
  /** Runs with no more equal bytes than this between them are joined. */
  readonly gap: number
  /** The bytes of the first granule that lie before the buffers. */
  readonly lead: number
}

/** Where two buffers of the same length differ, as offsets into them. */
export function differingRuns(
  a: Buffer,
  b: Buffer,
  { granule, gap, lead }: RunOptions,
): { readonly start: number; readonly end: number }[] {
  const runs: { start: number; end: number }[] = []
  if (a.equals(b)) return runs
  for (let start = 0, boundary = granule - lead; start < a.length; start = boundary, boundary += granule) {
    const end = Math.min(boundary, a.length)
    if (a.compare(b, start, end, start, end) === 0) continue
    const last = runs.at(-1)
    if (last && start - last.end <= gap) last.end = end
    else runs.push({ start, end })
  }
  return runs
}
