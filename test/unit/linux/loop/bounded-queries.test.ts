import { setImmediate } from 'node:timers/promises'
import { describe, expect, it } from '@jest/globals'
import { BoundedQueries } from '../../../../src/linux/loop/bounded-queries.ts'

describe('BoundedQueries', () => {
  const groupOf = (key: number): string => (key < 100 ? 'well' : 'hung')

  it('does not query a group again until it answers', async () => {
    const queries = new BoundedQueries<number>(20)
    const hung: PromiseWithResolvers<undefined>[] = []
    let found: number[] = []
    let isWell = false
    const query = async (key: number): Promise<void> => {
      if (groupOf(key) === 'well' || isWell) {
        found.push(key)
        return
      }
      const never = Promise.withResolvers<undefined>()
      hung.push(never)
      await never.promise
    }
    const well = Array.from({ length: 20 }, (_, index) => index)
    const silent = Array.from({ length: 20 }, (_, index) => 100 + index)
    for (let scan = 0; scan < 3; scan++) {
      found = []
      expect(await queries.run([...silent, ...well], groupOf, query)).toEqual(silent)
      expect(found).toEqual(well)
    }
    expect(hung).toHaveLength(1)
    isWell = true
    for (const { resolve } of hung) resolve(undefined)
    await setImmediate()
    expect(await queries.run([...silent, ...well], groupOf, query)).toEqual([])
  })

  it('has one running query in a group that does not answer, for any number of callers', async () => {
    const queries = new BoundedQueries<number>(20)
    const never = Promise.withResolvers<undefined>()
    let asked = 0
    const query = (): Promise<undefined> => {
      asked++
      return never.promise
    }
    const silent = [100, 101, 102]
    const all = Array.from({ length: 10 }, () => queries.run(silent, groupOf, query))
    for (const found of await Promise.all(all)) expect(found).toEqual(silent)
    expect(asked).toBe(1)
  })

  it('throws what a query throws', async () => {
    const queries = new BoundedQueries<number>()
    await expect(queries.run([1], groupOf, () => Promise.reject(new Error('no')))).rejects.toThrow('no')
  })
})
