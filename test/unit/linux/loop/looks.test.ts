import { setImmediate } from 'node:timers/promises'
import { describe, expect, it } from '@jest/globals'
import { Looks } from '../../../../src/linux/loop/looks.ts'

describe('Looks', () => {
  const groupOf = (key: number): string => (key < 100 ? 'well' : 'hung')

  it('waits for no group that does not answer, and asks it nothing more until it has', async () => {
    const looks = new Looks<number>(20)
    const hung: PromiseWithResolvers<undefined>[] = []
    let found: number[] = []
    let isWell = false
    const look = async (key: number): Promise<void> => {
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
      expect(await looks.all([...silent, ...well], groupOf, look)).toEqual(silent)
      expect(found).toEqual(well)
    }
    expect(hung).toHaveLength(1)
    isWell = true
    for (const { resolve } of hung) resolve(undefined)
    await setImmediate()
    expect(await looks.all([...silent, ...well], groupOf, look)).toEqual([])
  })

  it('has one look under way at a group that does not answer, however many want to know', async () => {
    const looks = new Looks<number>(20)
    const never = Promise.withResolvers<undefined>()
    let asked = 0
    const look = (): Promise<undefined> => {
      asked++
      return never.promise
    }
    const silent = [100, 101, 102]
    const all = Array.from({ length: 10 }, () => looks.all(silent, groupOf, look))
    for (const found of await Promise.all(all)) expect(found).toEqual(silent)
    expect(asked).toBe(1)
  })

  it('hands on what goes wrong', async () => {
    const looks = new Looks<number>()
    await expect(looks.all([1], groupOf, () => Promise.reject(new Error('no')))).rejects.toThrow('no')
  })
})
