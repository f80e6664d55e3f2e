import { setImmediate } from 'node:timers/promises'
import { describe, expect, it } from '@jest/globals'
import { both, sideBySide } from '../../../../src/volumes/concurrency/side-by-side.ts'

describe('sideBySide', () => {
  it.each([
    [0, 3],
    [1, 3],
    [2, 3],
    [3, 3],
    [10, 3],
    [10, 1],
  ])('works on %d items, at most %d at once, and keeps their order', async (count, limit) => {
    const items = Array.from({ length: count }, (_, index) => index)
    let [now, most] = [0, 0]
    const results = await sideBySide(items, limit, async (item) => {
      most = Math.max(most, ++now)
      // Later ones end earlier.
      for (let turn = item; turn < count; turn++) await setImmediate()
      now--
      return item * 2
    })
    expect(results).toEqual(items.map((item) => item * 2))
    expect(most).toBe(Math.min(limit, count))
  })

  it('starts nothing after a failure, and waits for running work', async () => {
    const begun: number[] = []
    const ended: number[] = []
    const work = sideBySide([1, 2, 3, 4, 5], 2, async (item) => {
      begun.push(item)
      await setImmediate()
      if (item === 1) throw new Error('one')
      await setImmediate()
      ended.push(item)
    })
    await expect(work).rejects.toThrow('one')
    expect([begun, ended]).toEqual([[1, 2], [2]])
  })
})

describe('both', () => {
  it('has the results of both', async () => {
    expect(await both(Promise.resolve(1), Promise.resolve('two'))).toEqual([1, 'two'])
  })

  it('waits for the other one when one fails', async () => {
    let hasEnded = false
    const slow = setImmediate().then(() => (hasEnded = true))
    await expect(both(Promise.reject(new Error('no luck')), slow)).rejects.toThrow('no luck')
    expect(hasEnded).toBe(true)
  })
})
