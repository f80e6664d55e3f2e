import { setImmediate } from 'node:timers/promises'
import { beforeEach, describe, expect, it } from '@jest/globals'
import { ThawThreads, type Thread } from '../../../../src/linux/mount/thaw-threads.ts'

describe('the threads that thaw', () => {
  let made: number
  let ended: number
  let canStart: boolean
  /** Thaws under way, which end when they are resolved. */
  let running: PromiseWithResolvers<boolean>[]
  let threads: ThawThreads

  beforeEach(() => {
    made = 0
    ended = 0
    canStart = true
    running = []
    threads = new ThawThreads(makeThread)
  })

  function makeThread(): Thread {
    made++
    return {
      started: () => (canStart ? Promise.resolve() : Promise.reject(new Error('no memory'))),
      thaw: () => {
        const thaw = Promise.withResolvers<boolean>()
        running.push(thaw)
        return thaw.promise
      },
      end: () => {
        ended++
      },
    }
  }

  const thaw = (count: number) =>
    Promise.all(Array.from({ length: count }, (_, fd) => threads.thaw(fd, `${fd}`)))

  /** Ends what runs, until nothing runs any more. @returns the largest number that ran at once */
  async function endAll(): Promise<number> {
    let most = 0
    await setImmediate()
    while (running.length > 0) {
      most = Math.max(most, running.length)
      for (const thawing of running.splice(0)) thawing.resolve(true)
      await setImmediate()
    }
    return most
  }

  it('are one while few wait', async () => {
    const thawed = thaw(16)
    expect(await endAll()).toBe(1)
    expect(await thawed).toEqual(Array(16).fill(true))
    expect(made).toBe(1)
  })

  it('are more while many wait, and one again afterwards', async () => {
    const thawed = thaw(4000)
    expect(await endAll()).toBe(8)
    expect(await thawed).toHaveLength(4000)
    expect([made, ended]).toEqual([8, 7])
    const again = thaw(2)
    expect(await endAll()).toBe(1)
    expect(await again).toEqual([true, true])
  })

  it('are one when no other can be started', async () => {
    canStart = false
    const thawed = thaw(100)
    expect(await endAll()).toBe(1)
    expect(await thawed).toHaveLength(100)
  })

  it('go on after a failure', async () => {
    const thawed = Promise.allSettled([threads.thaw(1, 'a'), threads.thaw(2, 'b')])
    await setImmediate()
    running.shift()?.reject(new Error('EIO'))
    await endAll()
    expect((await thawed).map(({ status }) => status)).toEqual(['rejected', 'fulfilled'])
  })
})
