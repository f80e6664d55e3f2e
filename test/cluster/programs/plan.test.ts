import { describe, expect, it } from '@jest/globals'
import { copyKinds, disturbances, planOf } from './plan.ts'
import { replicas } from './replicas.ts'

describe('the plan of copies', () => {
  it('is the same for the same seed, and another for another', () => {
    expect(planOf(5, 7)).toEqual(planOf(5, 7))
    expect(planOf(5, 7)).not.toEqual(planOf(5, 8))
  })

  it.each([1, 2, 3, 10])('has %d copies of each kind', (copies) => {
    const plan = planOf(copies, 1)
    for (const kind of copyKinds) expect(plan.filter(({ copy }) => copy === kind)).toHaveLength(copies)
  })

  it.each([1, 2, 3, 4])('has each kind of each replica, and all disturbances, with seed %d', (seed) => {
    const plan = planOf(replicas.length, seed)
    const pairs = new Set(plan.map(({ copy, replica }) => `${copy} ${replica}`))
    expect(pairs.size).toBe(copyKinds.length * replicas.length)
    expect(new Set(plan.map(({ disturbance }) => disturbance))).toEqual(new Set(disturbances))
  })

  it('disturbs before and after the creation', () => {
    const leads = planOf(10, 1).map(({ leadMs }) => leadMs)
    expect(Math.min(...leads)).toBeLessThan(0)
    expect(Math.max(...leads)).toBeGreaterThan(0)
  })
})
