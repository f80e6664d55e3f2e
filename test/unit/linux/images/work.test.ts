import { setTimeout } from 'node:timers/promises'
import { describe, expect, it } from '@jest/globals'
import { inOrder } from '../../../../src/linux/images/work.ts'

// eslint-disable-next-line @typescript-eslint/require-await -- streams are asynchronous
async function* numbers(count: number): AsyncGenerator<number> {
  for (let number = 0; number < count; number++) yield number
}

describe('inOrder', () => {
  it('returns the results in the order of the items, with limited concurrency', async () => {
    let working = 0
    let most = 0
    const results: number[] = []
    const work = async (item: number) => {
      most = Math.max(most, ++working)
      await setTimeout((item * 7) % 5)
      working--
      return item * 10
    }
    for await (const result of inOrder(numbers(20), 3, work)) results.push(result)
    expect(results).toEqual(Array.from({ length: 20 }, (_, index) => index * 10))
    expect(most).toBe(3)
  })

  it('waits for running work before it fails', async () => {
    let finished = 0
    const work = async (item: number) => {
      if (item === 1) throw new Error('the second')
      await setTimeout(20)
      finished++
      // A failure behind the first is not reported, and does not end the process.
      if (item === 2) throw new Error('the third')
    }
    const results = inOrder(numbers(20), 4, work)
    await results.next()
    await expect(results.next()).rejects.toThrow('the second')
    // The first, and the three that were begun beside the second.
    expect(finished).toBe(4)
  })

  it('waits for running work when its consumer stops', async () => {
    let finished = 0
    const work = async () => {
      await setTimeout(10)
      finished++
    }
    const results = inOrder(numbers(20), 4, work)
    await results.next()
    await results.return(undefined)
    expect(finished).toBe(4)
  })
})
