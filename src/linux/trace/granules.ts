import type { Extent } from '../../volumes/ports.ts'

/** 2 MiB of memory for each TiB of device. */
export const GRANULE_BYTES = 64n << 10n

/** A set of bytes of a device, rounded out to whole granules. */
export class Granules {
  readonly #bits: Uint8Array
  readonly #count: number
  readonly #sizeBytes: bigint

  constructor(sizeBytes: bigint) {
    this.#sizeBytes = sizeBytes
    this.#count = Number((sizeBytes + GRANULE_BYTES - 1n) / GRANULE_BYTES)
    this.#bits = new Uint8Array(Math.ceil(this.#count / 8))
  }

  /** @returns false for an extent that ends behind the size: it is not added, and the set is incomplete */
  add(offset: bigint, length: bigint): boolean {
    if (length <= 0n) return true
    if (offset + length > this.#sizeBytes) return false
    const last = Number((offset + length - 1n) / GRANULE_BYTES)
    for (let granule = Number(offset / GRANULE_BYTES); granule <= last; granule++) {
      const index = granule >>> 3
      this.#bits[index] = (this.#bits[index] ?? 0) | (1 << (granule & 7))
    }
    return true
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
