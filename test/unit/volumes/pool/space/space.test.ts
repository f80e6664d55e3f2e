import { describe, expect, it } from '@jest/globals'
import { availableBytes, type PoolUsage } from '../../../../../src/volumes/pool/space/space.ts'
import type { PoolLimits } from '../../../../../src/volumes/model/pool-config.ts'

const open: PoolLimits = { sizeBytes: undefined, reserveBytes: 0n, overcommit: 1, inlineBytes: 0n }
const empty: PoolUsage = { provisionedBytes: 0n, allocatedBytes: 0n, freeBytes: 100n }

describe('availableBytes', () => {
  it.each([
    ['an empty pool has what is free', open, empty, 100n, 100n],
    ['a promise counts before it is written', open, { ...empty, provisionedBytes: 60n }, 40n, 40n],
    [
      'what a thin volume has written counts once',
      open,
      { provisionedBytes: 60n, allocatedBytes: 20n, freeBytes: 80n },
      40n,
      40n,
    ],
    [
      'others on the disk count as taken',
      open,
      { ...empty, freeBytes: 30n, provisionedBytes: 10n },
      20n,
      20n,
    ],
    ['never negative', open, { ...empty, provisionedBytes: 130n }, 0n, 0n],
    ['a size below the disk', { ...open, sizeBytes: 50n }, empty, 50n, 50n],
    ['a size above the disk', { ...open, sizeBytes: 500n }, empty, 100n, 100n],
    ['a reserve', { ...open, reserveBytes: 30n }, empty, 70n, 70n],
    ['a reserve larger than the pool', { ...open, reserveBytes: 300n }, empty, 0n, 0n],
    ['overcommit is for thin volumes', { ...open, overcommit: 2.5, inlineBytes: 0n }, empty, 250n, 100n],
    [
      'thick volumes get what is really left',
      { ...open, overcommit: 2, inlineBytes: 0n },
      { provisionedBytes: 50n, allocatedBytes: 50n, freeBytes: 50n },
      150n,
      50n,
    ],
  ])('%s', (_name, limits, usage, thin, thick) => {
    expect(availableBytes(limits, usage, 'thin')).toBe(thin)
    expect(availableBytes(limits, usage, 'thick')).toBe(thick)
  })
})
