import { describe, expect, it } from '@jest/globals'
import { cached } from '../../../src/monitoring/pool-metrics.ts'

describe('cached', () => {
  it('asks once for all who ask at the same time, and soon after', async () => {
    let asked = 0
    const ask = cached(60_000, () => Promise.resolve(++asked))
    expect(await Promise.all([ask(), ask()])).toEqual([1, 1])
    expect(await ask()).toBe(1)
  })

  it('asks again when the answer is old', async () => {
    let asked = 0
    const ask = cached(-1, () => Promise.resolve(++asked))
    expect([await ask(), await ask()]).toEqual([1, 2])
  })

  it('asks again after a failure', async () => {
    let asked = 0
    const ask = cached(60_000, () => (++asked === 1 ? Promise.reject(new Error('EIO')) : Promise.resolve(2)))
    await expect(ask()).rejects.toThrow('EIO')
    expect(await ask()).toBe(2)
  })
})
