import { setTimeout } from 'node:timers/promises'
import pino from 'pino'
import { describe, expect, it } from '@jest/globals'
import { Schedule } from '../../../../src/volumes/concurrency/schedule.ts'
import { silent } from '../world.ts'

describe('Schedule', () => {
  it('repeats its work, also when that fails', async () => {
    const lines: string[] = []
    const log = pino({}, { write: (line) => lines.push(line) })
    const often = Promise.withResolvers<undefined>()
    let runs = 0
    const work = () => {
      if (++runs === 5) often.resolve(undefined)
      return Promise.reject(new Error('this time not'))
    }
    await using _schedule = new Schedule(1, work, log)
    await often.promise
    expect(lines.length).toBeGreaterThanOrEqual(4)
    expect(lines[0]).toContain('this time not')
  })

  it('never runs twice at once', async () => {
    let running = 0
    let most = 0
    {
      await using _schedule = new Schedule(1, work, silent)
      await setTimeout(50)
    }
    expect(most).toBe(1)

    async function work() {
      most = Math.max(most, ++running)
      await setTimeout(10)
      running--
    }
  })

  it('cancels what runs when it ends, and waits for it', async () => {
    const begun = Promise.withResolvers<undefined>()
    let cleaned = false
    const schedule = new Schedule(
      1,
      async (signal) => {
        begun.resolve(undefined)
        await setTimeout(60_000, undefined, { signal }).catch(() => undefined)
        await setTimeout(10)
        cleaned = true
      },
      silent,
    )
    await begun.promise
    await schedule[Symbol.asyncDispose]()
    expect(cleaned).toBe(true)
  })

  it('ends while it waits', async () => {
    const schedule = new Schedule(3_600_000, () => Promise.resolve(), silent)
    await schedule[Symbol.asyncDispose]()
  })
})
