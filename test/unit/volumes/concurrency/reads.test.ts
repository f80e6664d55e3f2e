import { setImmediate } from 'node:timers/promises'
import { describe, expect, it } from '@jest/globals'
import { cached, sharedRead } from '../../../../src/volumes/concurrency/reads.ts'

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

describe('sharedRead', () => {
  const make = () => {
    const reads: PromiseWithResolvers<string>[] = []
    const read = sharedRead(() => {
      const reading = Promise.withResolvers<string>()
      reads.push(reading)
      return reading.promise
    })
    return { reads, read }
  }

  it('reads at once when it is not reading, and once more for all who ask meanwhile', async () => {
    const { reads, read } = make()
    const first = read()
    const others = [read(), read()]
    await setImmediate()
    others.push(read())
    expect(reads).toHaveLength(1)
    reads[0]?.resolve('old')
    expect(await first).toBe('old')
    await setImmediate()
    const late = read()
    expect(reads).toHaveLength(2)
    reads[1]?.resolve('new')
    expect(await Promise.all(others)).toEqual(['new', 'new', 'new'])
    await setImmediate()
    reads[2]?.resolve('newest')
    expect(await late).toBe('newest')
    void read()
    expect(reads).toHaveLength(4)
  })

  it('joins the next one also when the one before has just ended', async () => {
    const { reads, read } = make()
    const early = [read(), read()]
    // As soon as the first has ended, and before the second begins.
    const late = reads[0]?.promise.then(() => read())
    reads[0]?.resolve('old')
    await setImmediate()
    expect(reads).toHaveLength(2)
    reads[1]?.resolve('new')
    expect(await Promise.all([...early, late])).toEqual(['old', 'new', 'new'])
  })

  it('fails only for those who got the failed one', async () => {
    const { reads, read } = make()
    const failed = read()
    const other = read()
    reads[0]?.reject(new Error('broken'))
    await expect(failed).rejects.toThrow('broken')
    await setImmediate()
    reads[1]?.resolve('well')
    expect(await other).toBe('well')
  })
})
