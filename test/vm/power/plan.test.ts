import { expect, it } from '@jest/globals'
import { grounds } from '../../power/power-cuts.ts'
import { Tally, planOf } from './plan.ts'

const lengths = (cuts: number, parallel = 1): number[] =>
  planOf(cuts, ['5.10', 'newest'], grounds, parallel).map((series) => series.cuts)

it('is of series that are short and evenly long', () => {
  expect(lengths(1)).toEqual([1])
  expect(lengths(6)).toEqual([2, 2, 1, 1])
  expect(lengths(6, 6)).toEqual([1, 1, 1, 1, 1, 1])
  expect(lengths(100)).toEqual(Array.from({ length: 10 }, () => 10))
})

it('takes grounds and kernels in turn, and reports them', () => {
  const tally = new Tally()
  const [first, second, , image] = planOf(4, ['5.10', 'newest'], grounds, 1)
  if (!first || !second || !image) throw new Error('the plan is too short')
  tally.count(first, 'work', 12)
  tally.count(image, 'work', 3)
  expect(tally.count(second, 'recovery', 0)).toBe(3)
  expect(tally.report()).toContain('15 steps of callers were answered')
  expect(tally.report()).toContain(
    '| disk of the pool | during calls | during recovery | kernel 5.10 | kernel newest |',
  )
  expect(tally.report()).toContain('| pool image on ext4 | 1 | 0 | 0 | 1 |')
})
