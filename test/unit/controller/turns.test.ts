import { setImmediate } from 'node:timers/promises'
import { describe, expect, it } from '@jest/globals'
import { Turns } from '../../../src/controller/remote-node.ts'

const isFinal = (error: unknown): boolean => error instanceof RangeError

describe('turns', () => {
  it('runs at most so much at once, and everything in its order', async () => {
    const turns = new Turns(isFinal)
    const begun: number[] = []
    let [running, most] = [0, 0]
    const work = (index: number) => async (): Promise<number> => {
      begun.push(index)
      most = Math.max(most, ++running)
      await setImmediate()
      running--
      return index
    }
    const indexes = [0, 1, 2, 3, 4, 5, 6]
    expect(await Promise.all(indexes.map((index) => turns.run(3, work(index))))).toEqual(indexes)
    expect(begun).toEqual(indexes)
    expect(most).toBe(3)
  })

  it.each([
    ['goes on after a failure', new Error('refused'), 1],
    ['ends what waits after a final failure', new RangeError('no answer'), 3],
  ])('%s', async (_, error, failed) => {
    const turns = new Turns(isFinal)
    const fail = async (): Promise<never> => {
      await setImmediate()
      throw error
    }
    const all = [turns.run(1, fail), turns.run(1, setImmediate), turns.run(1, setImmediate)]
    const outcomes = await Promise.allSettled(all)
    expect(outcomes.filter(({ status }) => status === 'rejected')).toHaveLength(failed)
    await expect(turns.run(1, () => Promise.resolve('later'))).resolves.toBe('later')
  })
})
