import type { Extent } from '../../volumes/model/ports/image-copier.ts'

/** 2 MiB of memory for each TiB of device. */
export const GRANULE_BYTES = 64n << 10n

/** A set of bytes of a device, rounded out to whole granules. */
export class Granules {
  readonly #bits: Uint8Array
  /** The same bits. */
  readonly #words: Uint32Array
  readonly #count: number
  readonly #sizeBytes: bigint

  constructor(sizeBytes: bigint) {
    this.#sizeBytes = sizeBytes
    this.#count = Number((sizeBytes + GRANULE_BYTES - 1n) / GRANULE_BYTES)
    this.#words = new Uint32Array(Math.ceil(this.#count / 32))
    this.#bits = new Uint8Array(this.#words.buffer)
  }

  /** @returns false for an extent that ends behind the size: it is not added, and the set is incomplete */
  add(offset: bigint, length: bigint): boolean {
    if (length <= 0n) return true
    if (offset + length > this.#sizeBytes) return false
    const first = Number(offset / GRANULE_BYTES)
    const last = Number((offset + length - 1n) / GRANULE_BYTES)
    const [firstByte, lastByte] = [first >>> 3, last >>> 3]
    const head = 0xff & (0xff << (first & 7))
    const tail = 0xff >>> (7 - (last & 7))
    if (firstByte === lastByte) {
      this.#set(firstByte, head & tail)
      return true
    }
    this.#set(firstByte, head)
    this.#bits.fill(0xff, firstByte + 1, lastByte)
    this.#set(lastByte, tail)
    return true
  }

  /** Ascending, never touching. */
  extents(): Extent[] {
    const extents: Extent[] = []
    for (let end = 0; ;) {
      const begin = this.#next(true, end)
      if (begin >= this.#count) return extents
      end = this.#next(false, begin)
      extents.push({
        offset: BigInt(begin) * GRANULE_BYTES,
        length: BigInt(end - begin) * GRANULE_BYTES,
      })
    }
  }

  /**
   * The first granule from this one on that is in the set, or that is not; the number of granules when there
   * is none.
   */
  #next(isIn: boolean, from: number): number {
    // 32 granules at a time: a device of 8 TiB has 134 million, and this runs on the main thread.
    const skipped = isIn ? 0 : 0xffff_ffff
    for (let granule = from; granule < this.#count; granule++) {
      if ((granule & 31) === 0) {
        let word = granule >>> 5
        while (this.#words[word] === skipped) word++
        granule = word << 5
        if (granule >= this.#count) break
      }
      if (this.#has(granule) === isIn) return granule
    }
    return this.#count
  }

  #set(index: number, bits: number): void {
    this.#bits[index] = (this.#bits[index] ?? 0) | bits
  }

  #has(granule: number): boolean {
    return ((this.#bits[granule >>> 3] ?? 0) & (1 << (granule & 7))) !== 0
  }
}
