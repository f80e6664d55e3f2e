import { describe, expect, it } from '@jest/globals'
import { planOf } from './plan.ts'

const seeds = Array.from({ length: 20 }, (_, seed) => seed)

describe('the plan of a run', () => {
  it('is the same for the same seed', () => {
    expect(planOf(7, 9)).toEqual(planOf(7, 9))
    expect(planOf(7, 9)).not.toEqual(planOf(8, 9))
  })

  it('has each file system in volumes on each file system of the disk in nine rounds', () => {
    for (const seed of seeds)
      expect(new Set(planOf(seed, 9).map(({ below, fsType }) => `${fsType} on ${below}`)).size).toBe(9)
  })

  it('lets writes fail in every fourth round, but not on btrfs', () => {
    for (const { number, below, whenFull } of seeds.flatMap((seed) => planOf(seed, 12)))
      expect(whenFull).toBe(number % 4 === 3 && below !== 'btrfs' ? 'fail' : 'freeze')
  })

  it('leaves the databases more than the margin where they are to fill the disk themselves', () => {
    for (const { filler, whenFull, leaves } of seeds.flatMap((seed) => planOf(seed, 9)))
      expect(leaves > 1).toBe(filler === 'databases' && whenFull === 'freeze')
  })
})
