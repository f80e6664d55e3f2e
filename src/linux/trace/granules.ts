import type { Extent } from '../../volumes/ports.ts'

/** 2 MiB of memory for each TiB of device. */
export const GRANULE_BYTES = 64n << 10n

/** A set of bytes of a device, rounded out to whole granules. */
export class Granules {
  readonly #bits: Uint8Array
  readonly #count: number

  constructor(sizeBytes: bigint) {
    this.#count = Number((sizeBytes + GRANULE_BYTES - 1n) / GRANULE_BYTES)
    this.#bits = new Uint8Array(Math.ceil(this.#count / 8))
  }

  /** Whatever lies behind the size is the last granule. */
  add(offset: bigint, length: bigint): void {
    if (length <= 0n || this.#count === 0) return
    const last = Math.min(Number((offset + length - 1n) / GRANULE_BYTES), this.#count - 1)
    for (let granule = Math.min(Number(offset / GRANULE_BYTES), last); granule <= last; granule++) {
      const index = granule >>> 3
      this.#bits[index] = (this.#bits[index] ?? 0) | (1 << (granule & 7))
    }
  }

  /** Ascending, never touching. */
  extents(): Extent[] {
    const extents: Extent[] = []
    let begin: number | undefined
    for (let granule = 0; granule <= this.#count; granule++) {
      const isIn = granule < this.#count && this.#has(granule)
      if (isIn) begin ??= granule
      else if (begin !== undefined) {
        extents.push({
          offset: BigInt(begin) * GRANULE_BYTES,
          length: BigInt(granule - begin) * GRANULE_BYTES,
        })
        begin = undefined
      }
    }
    return extents
  }

  #has(granule: number): boolean {
    return ((this.#bits[granule >>> 3] ?? 0) & (1 << (granule & 7))) !== 0
  }
}
