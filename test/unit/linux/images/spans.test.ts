import { describe, expect, it } from '@jest/globals'

import { aligned, merged, overlay, pieces, type Span } from '../../../../src/linux/images/spans.ts'
import { Dice } from '../../../support/images.ts'

const span = (start: number, end: number): Span => ({ start: BigInt(start), end: BigInt(end) })

// eslint-disable-next-line @typescript-eslint/require-await -- streams are asynchronous
async function* stream(...spans: Span[]): AsyncGenerator<Span> {
  yield* spans
}

async function collect<Item>(items: AsyncIterable<Item>): Promise<Item[]> {
  const all: Item[] = []
  for await (const item of items) all.push(item)
  return all
}

describe('pieces', () => {
  it('cuts at multiples', () => {
    expect([...pieces(span(3, 25), 10n)]).toEqual([span(3, 10), span(10, 20), span(20, 25)])
    expect([...pieces(span(10, 20), 10n)]).toEqual([span(10, 20)])
    expect([...pieces(span(5, 5), 10n)]).toEqual([])
  })
})

describe('merged', () => {
  it('joins what touches or overlaps', async () => {
    const spans = stream(span(0, 2), span(2, 4), span(3, 6), span(7, 9), span(8, 8))
    expect(await collect(merged(spans))).toEqual([span(0, 6), span(7, 9)])
  })
})

describe('aligned', () => {
  it('rounds ends out to granules, within the bounds', async () => {
    const spans = stream(span(5, 6), span(12, 13), span(35, 39), span(70, 80))
    expect(await collect(aligned(spans, 10n, span(3, 38)))).toEqual([span(3, 20), span(30, 38)])
  })
})

describe('overlay', () => {
  it('reports which stream covers a range', async () => {
    const [a, b, c] = [span(0, 10), span(20, 30), span(5, 25)]
    expect(await collect(overlay(stream(a, b), stream(c)))).toEqual([
      { ...span(0, 5), left: a, right: undefined },
      { ...span(5, 10), left: a, right: c },
      { ...span(10, 20), left: undefined, right: c },
      { ...span(20, 25), left: b, right: c },
      { ...span(25, 30), left: b, right: undefined },
    ])
  })

  it('covers each byte like its two streams', async () => {
    const dice = new Dice(5)
    for (let round = 0; round < 200; round++) {
      const [left, right] = [randomSpans(dice), randomSpans(dice)]
      const segments = await collect(overlay(stream(...left), stream(...right)))
      for (let byte = 0n; byte < 70n; byte++) {
        const segment = segments.find(({ start, end }) => start <= byte && byte < end)
        expect(segment?.left !== undefined).toBe(covers(left, byte))
        expect(segment?.right !== undefined).toBe(covers(right, byte))
      }
    }
  })

  it('ends both streams when its consumer leaves', async () => {
    const ended: string[] = []
    async function* watched(name: string): AsyncGenerator<Span> {
      try {
        yield* stream(span(0, 1), span(2, 3))
      } finally {
        ended.push(name)
      }
    }
    const segments = overlay(watched('left'), watched('right'))
    await segments.next()
    await segments.return(undefined)
    expect(ended.sort()).toEqual(['left', 'right'])
  })
})

function randomSpans(dice: Dice): Span[] {
  const spans: Span[] = []
  for (let start = dice.roll(5), end; start < 60; start = end + dice.roll(4)) {
    end = start + 1 + dice.roll(8)
    spans.push(span(start, end))
  }
  return spans
}

function covers(spans: Span[], byte: bigint): boolean {
  return spans.some(({ start, end }) => start <= byte && byte < end)
}
