import { expect, it } from '@jest/globals'
import { cached } from '../../../../src/volumes/concurrency/cached.ts'

it('a result is shared for a while, and a failure is not cached', async () => {
  let [now, asked, fails] = [0, 0, false]
  const ask = cached(
    10,
    () => (fails ? Promise.reject(new Error('away')) : Promise.resolve(++asked)),
    () => now,
  )
  expect(await Promise.all([ask(), ask()])).toEqual([1, 1])
  now = 9
  expect(await ask()).toBe(1)
  now = 10
  fails = true
  await expect(ask()).rejects.toThrow('away')
  fails = false
  expect(await ask()).toBe(2)
})
