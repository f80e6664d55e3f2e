import { describe, expect, it } from '@jest/globals'
import { differingRuns } from '../../../../src/linux/images/buffers.ts'

const options = { granule: 10, gap: 0, lead: 0 }

/** Two buffers that differ at these offsets. */
function pair(length: number, ...offsets: number[]): [Buffer, Buffer] {
  const [a, b] = [Buffer.alloc(length), Buffer.alloc(length)]
  for (const offset of offsets) b[offset] = 1
  return [a, b]
}

describe('differingRuns', () => {
  it('finds nothing in equal buffers', () => {
    expect(differingRuns(...pair(25), options)).toEqual([])
  })

  it('is made of whole granules, but for the last', () => {
    expect(differingRuns(...pair(35, 5, 34), options)).toEqual([
      { start: 0, end: 10 },
      { start: 30, end: 35 },
    ])
  })

  it('joins neighbours, and those with a gap that is small enough', () => {
    expect(differingRuns(...pair(50, 9, 10), options)).toEqual([{ start: 0, end: 20 }])
    expect(differingRuns(...pair(50, 5, 25), { ...options, gap: 9 })).toHaveLength(2)
    expect(differingRuns(...pair(50, 5, 25), { ...options, gap: 10 })).toEqual([{ start: 0, end: 30 }])
  })

  it('begins with a part of a granule', () => {
    expect(differingRuns(...pair(50, 3, 4), { ...options, lead: 6 })).toEqual([{ start: 0, end: 14 }])
    expect(differingRuns(...pair(50, 4), { ...options, lead: 6 })).toEqual([{ start: 4, end: 14 }])
  })
})
