import { describe, expect, it } from '@jest/globals'
import type { Extent } from '../../../../src/volumes/model/ports/image-copier.ts'
import { checkQuery, pagesOf } from '../../../../src/volumes/snapshots/metadata-reader.ts'

type Range = readonly [offset: number, length: number]

// eslint-disable-next-line @typescript-eslint/require-await -- streams are asynchronous
async function* stream(ranges: readonly Range[]): AsyncGenerator<Extent> {
  for (const [offset, length] of ranges) yield { offset: BigInt(offset), length: BigInt(length) }
}

async function pages(ranges: readonly Range[], from: number, maxResults: number, size: number) {
  const found: Range[][] = []
  for await (const page of pagesOf(
    stream(ranges),
    { startingOffset: BigInt(from), maxResults },
    BigInt(size),
  ))
    found.push(page.map(({ offset, length }) => [Number(offset), Number(length)]))
  return found
}

describe('pagesOf', () => {
  const three: Range[] = [
    [0, 10],
    [20, 10],
    [40, 10],
  ]

  it.each<
    [what: string, ranges: Range[], from: number, maxResults: number, size: number, expected: Range[][]]
  >([
    ['all on one page', three, 0, 0, 100, [three]],
    ['one page of nothing', [], 0, 0, 100, [[]]],
    ['a full page, and none behind it', three, 0, 3, 100, [three]],
    ['a page that is not full at the end', three, 0, 2, 100, [three.slice(0, 2), three.slice(2)]],
    ['pages of one', three, 0, 1, 100, three.map((range) => [range])],
    ['from the start of an extent', three, 20, 0, 100, [three.slice(1)]],
    ['from the middle of an extent', three, 25, 0, 100, [[[25, 5], ...three.slice(2)]]],
    ['from the last byte of an extent', three, 29, 0, 100, [[[29, 1], ...three.slice(2)]]],
    ['from the end of an extent', three, 30, 0, 100, [three.slice(2)]],
    ['from behind all of them', three, 60, 0, 100, [[]]],
    ['from the end of the snapshot', three, 100, 0, 100, [[]]],
    ['no further than the snapshot goes', three, 0, 0, 45, [[...three.slice(0, 2), [40, 5]]]],
    ['only the middle of one', [[0, 100]], 10, 0, 20, [[[10, 10]]]],
    ['no empty extents', [[0, 0], ...three], 0, 0, 100, [three]],
  ])('gives %s', async (_what, ranges, from, maxResults, size, expected) => {
    expect(await pages(ranges, from, maxResults, size)).toEqual(expected)
  })

  it.each([
    ['a size of its own', 0, [1000, 500]],
    ['no more than fits into a message', 1 << 30, [1500]],
  ])('gives pages of %s', async (_what, maxResults, lengths) => {
    const ranges = Array.from({ length: 1500 }, (_, index): Range => [index * 2, 1])
    expect((await pages(ranges, 0, maxResults, 1 << 20)).map((page) => page.length)).toEqual(lengths)
  })

  it('requires no more than it offers', async () => {
    let asked = 0
    async function* counted(): AsyncGenerator<Extent> {
      for await (const extent of stream(three)) {
        asked++
        yield extent
      }
    }
    await pagesOf(counted(), { startingOffset: 0n, maxResults: 1 }, 100n).next()
    expect(asked).toBe(2)
  })
})

describe('checkQuery', () => {
  it.each([0n, 1n, 100n])('takes the offset %i of 100', (startingOffset) => {
    expect(() => {
      checkQuery({ startingOffset, maxResults: 0 }, 100n)
    }).not.toThrow()
  })

  it.each([
    [-1n, 0, 'out-of-range', 'starting_offset -1 is not within the snapshot, which has 100 bytes'],
    [101n, 0, 'out-of-range', 'starting_offset 101'],
    [0n, -1, 'invalid-argument', 'max_results -1'],
  ])('refuses the offset %i with %i results', (startingOffset, maxResults, kind, words) => {
    const check = () => {
      checkQuery({ startingOffset, maxResults }, 100n)
    }
    expect(check).toThrow(expect.objectContaining({ kind }))
    expect(check).toThrow(words)
  })
})
