import { describe, expect, it } from '@jest/globals'
import { SEEK_DATA, SEEK_HOLE } from '../../../../src/linux/abi/files.ts'
import { Extents } from '../../../../src/linux/images/extents.ts'
import { onThread } from '../../../../src/linux/images/work.ts'

const LIMIT = 100n

type Seek = readonly [whence: number, offset: bigint, result: bigint | undefined]

/** Extents of a file whose calls are scripted; a wrong call fails. */
function scripted(...calls: readonly Seek[]) {
  const left = [...calls]
  const seek = (offset: bigint, whence: number): bigint | undefined => {
    const next = left.shift()
    expect([whence, offset]).toEqual(next?.slice(0, 2))
    return next?.[2]
  }
  const extents = new Extents({ seek }, LIMIT)
  const at = (offset: bigint) => extents.known(offset) ?? onThread(extents.look(offset))
  return { at, left }
}

describe('Extents', () => {
  it.each<[string, readonly Seek[], bigint, object]>([
    [
      'data',
      [
        [SEEK_DATA, 0n, 0n],
        [SEEK_HOLE, 0n, 10n],
      ],
      0n,
      { isData: true, end: 10n },
    ],
    ['a hole', [[SEEK_DATA, 0n, 20n]], 0n, { isData: false, end: 20n }],
    [
      'data beyond the limit',
      [
        [SEEK_DATA, 0n, 0n],
        [SEEK_HOLE, 0n, 500n],
      ],
      0n,
      { isData: true, end: LIMIT },
    ],
    ['a hole beyond the limit', [[SEEK_DATA, 0n, 500n]], 0n, { isData: false, end: LIMIT }],
    ['a hole up to the end', [[SEEK_DATA, 50n, undefined]], 50n, { isData: false, end: LIMIT }],
    [
      'the end of a file that became shorter between the calls',
      [
        [SEEK_DATA, 5n, 5n],
        [SEEK_HOLE, 5n, undefined],
      ],
      5n,
      { isData: false, end: LIMIT },
    ],
    [
      'what is there after data went away between the calls',
      [
        [SEEK_DATA, 5n, 5n],
        [SEEK_HOLE, 5n, 5n],
        [SEEK_DATA, 5n, 30n],
      ],
      5n,
      { isData: false, end: 30n },
    ],
  ])('finds %s', (_, calls, offset, expected) => {
    const { at, left } = scripted(...calls)
    expect(at(offset)).toEqual(expected)
    expect(left).toEqual([])
  })

  it('does not look up known extents twice', () => {
    const { at, left } = scripted([SEEK_DATA, 0n, 20n], [SEEK_HOLE, 20n, 30n])
    expect([at(0n), at(19n)].map(({ end }) => end)).toEqual([20n, 20n])
    expect([at(20n), at(29n)].map(({ end }) => end)).toEqual([30n, 30n])
    expect(left).toEqual([])
  })

  it('does not rely on data that it saw earlier', () => {
    const { at, left } = scripted([SEEK_DATA, 0n, 20n], [SEEK_HOLE, 20n, 20n], [SEEK_DATA, 20n, undefined])
    at(0n)
    expect(at(20n)).toEqual({ isData: false, end: LIMIT })
    expect(left).toEqual([])
  })
})
