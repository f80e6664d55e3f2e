import { describe, expect, it } from '@jest/globals'
import { changesOf, parseCompleted } from '../../../../src/linux/trace/write-trace.ts'
import { Granules } from '../../../../src/linux/trace/granules.ts'

const KIB = 1n << 10n

describe('an event of the block layer', () => {
  it.each([
    ['     ksoftirqd/1-22      [001] ..s..  2852.696014: block_rq_complete: 7,401 DS () 16 + 8 be,0,4 [0]'],
    [' a name: (1) + 2-77 [000] d.h1. 12.000001: block_rq_complete: 7,1 FWFS () 16 + 8 none,0,0 [-5]'],
  ])('is where something was changed: %s', (line) => {
    expect(parseCompleted(line)).toEqual({ offset: 8n * KIB, length: 4n * KIB })
  })

  it.each([
    'CPU:1 [LOST 20 EVENTS]',
    '',
    'x-1 [000] d.h1. 12.1: block_rq_issue: 7,1 W 4096 () 16 + 8 be,0,4 [x]',
  ])('is not %j', (line) => {
    expect(parseCompleted(line)).toBeUndefined()
  })

  it("is asked for with the kernel's own number of the device", () => {
    expect(changesOf(7, 401)).toBe('dev == 7340433 && nr_sector > 0 && !(rwbs ~ "R*")')
  })
})

describe('Granules', () => {
  it('rounds out and joins', () => {
    const granules = new Granules(1024n * KIB)
    granules.add(63n * KIB, 2n * KIB)
    granules.add(128n * KIB, 1n)
    granules.add(600n * KIB, 0n)
    granules.add(960n * KIB, 64n * KIB)
    expect(granules.extents()).toEqual([
      { offset: 0n, length: 192n * KIB },
      { offset: 960n * KIB, length: 64n * KIB },
    ])
  })

  it('includes an incomplete granule at the end of a device', () => {
    const granules = new Granules(100n * KIB)
    expect(granules.add(99n * KIB, KIB)).toBe(true)
    expect(granules.extents()).toEqual([{ offset: 64n * KIB, length: 64n * KIB }])
    expect(new Granules(0n).extents()).toEqual([])
  })

  it.each([
    ['at the size', 128n * KIB, 1n],
    ['behind it', 500n * KIB, 64n * KIB],
    ['across it', 127n * KIB, 2n * KIB],
    ['in the last granule, of which only a part belongs to the device', 100n * KIB, 1n, 100n * KIB],
  ])('refuses an extent %s', (_, offset, length, sizeBytes = 128n * KIB) => {
    const granules = new Granules(sizeBytes)
    expect(granules.add(offset, length)).toBe(false)
    expect(granules.extents()).toEqual([])
  })

  it.each([1, 7, 8, 31, 32, 33, 64, 100, 257])('are those of a list of bits, of %d granules', (count) => {
    const KIBS = 64n
    for (let seed = 0; seed < 200; seed++) {
      const granules = new Granules(BigInt(count) * KIBS * KIB)
      const bits = Array.from({ length: count }, () => false)
      for (let number = 0; number <= seed % 5; number++) {
        const begin = (seed * 7919 + number * 104_729) % count
        const end = Math.min(begin + ((seed * 31 + number * 17) % 70), count)
        granules.add(BigInt(begin) * KIBS * KIB, BigInt(end - begin) * KIBS * KIB)
        bits.fill(true, begin, end)
      }
      const runs = bits.flatMap((isIn, index) => (isIn && bits[index - 1] !== true ? [index] : []))
      expect(granules.extents()).toEqual(
        runs.map((begin) => {
          const end = bits.indexOf(false, begin)
          const length = BigInt((end === -1 ? count : end) - begin)
          return { offset: BigInt(begin) * KIBS * KIB, length: length * KIBS * KIB }
        }),
      )
    }
  })

  it('of a large device are found by whole words', () => {
    const granules = new Granules(8n << 40n)
    granules.add(5n << 40n, 1n << 40n)
    granules.add((8n << 40n) - 1n, 1n)
    expect(granules.extents()).toEqual([
      { offset: 5n << 40n, length: 1n << 40n },
      { offset: (8n << 40n) - 64n * KIB, length: 64n * KIB },
    ])
  })

  it('of a large device are found without checking each of them', () => {
    const count = 1 << 20
    using counter = new ReadCounter()
    const granules = new Granules(BigInt(count) * 64n * KIB)
    granules.add(64n * KIB, 1000n * 64n * KIB)
    const before = counter.reads
    expect(granules.extents()).toEqual([{ offset: 64n * KIB, length: 1000n * 64n * KIB }])
    expect(counter.reads - before).toBeGreaterThan(0)
    expect(counter.reads - before).toBeLessThan(count / 8)
  })
})

/** Counts the elements that are read of arrays of bytes and words that are made while it is there. */
class ReadCounter implements Disposable {
  reads = 0
  readonly #uncounted = { Uint8Array, Uint32Array }

  constructor() {
    const counted = {
      Uint8Array: this.#counting(Uint8Array),
      Uint32Array: this.#counting(Uint32Array),
    }
    Object.assign(globalThis, counted)
  }

  #counting<T extends Uint8ArrayConstructor | Uint32ArrayConstructor>(kind: T): T {
    const get = (array: object, key: string | symbol): unknown => {
      if (typeof key === 'string' && /^\d/.test(key)) this.reads++
      const value: unknown = Reflect.get(array, key)
      return typeof value === 'function' ? value.bind(array) : value
    }
    const construct = (...[target, values]: [T, unknown[]]): object =>
      new Proxy(Reflect.construct(target, values) as object, { get })
    return new Proxy(kind, { construct })
  }

  [Symbol.dispose](): void {
    Object.assign(globalThis, this.#uncounted)
  }
}
