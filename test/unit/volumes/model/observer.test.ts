import { describe, expect, it } from '@jest/globals'
import { together } from '../../../../src/volumes/model/observer.ts'
import { RecordingObserver } from '../../../fakes/observer.ts'

describe('observers together', () => {
  it.each([0, 1, 2])('do the work once for %i of them, which all get the result', async (count) => {
    const observers = Array.from({ length: count }, () => new RecordingObserver())
    const all = together(observers)
    let done = 0
    expect(await all.step('mount', () => Promise.resolve(++done))).toBe(1)
    await expect(all.step('mkfs', () => Promise.reject(new Error('EIO')))).rejects.toThrow('EIO')
    all.repaired('draft', 3)
    for (const { failed, repairs, steps } of observers) {
      expect(steps).toEqual(['mount', 'mkfs'])
      expect(failed).toEqual(['mkfs'])
      expect(repairs).toEqual([['draft', 3]])
    }
  })
})
