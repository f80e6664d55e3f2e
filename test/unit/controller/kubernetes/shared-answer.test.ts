import { expect, it } from '@jest/globals'
import { sharedAnswer } from '../../../../src/controller/kubernetes/shared-answer.ts'

it('an answer is shared for a while, and a failure is not kept', async () => {
  let [now, asked, fails] = [0, 0, false]
  const ask = sharedAnswer(
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
