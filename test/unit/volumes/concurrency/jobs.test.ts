import { beforeEach, describe, expect, it } from '@jest/globals'
import { never } from '../../../../src/volumes/concurrency/deadlines.ts'
import { Jobs } from '../../../../src/volumes/concurrency/jobs.ts'

describe('Jobs', () => {
  let jobs: Jobs
  let begun: number
  let end: PromiseWithResolvers<string>

  beforeEach(() => {
    jobs = new Jobs()
    begun = 0
    end = Promise.withResolvers()
  })

  /** Work that lasts until the test ends it, or until it is cancelled. */
  const work = (signal: AbortSignal): Promise<string> => {
    begun++
    signal.addEventListener('abort', () => {
      end.reject(signal.reason as Error)
    })
    return end.promise
  }

  it('works once for concurrent calls', async () => {
    const results = [1, 2, 3].map(() => jobs.run('a', work, never))
    end.resolve('done')
    expect(await Promise.all(results)).toEqual(['done', 'done', 'done'])
    expect(begun).toBe(1)
  })

  it('keeps keys apart', async () => {
    const results = ['a', 'b'].map((key) => jobs.run(key, work, never))
    end.resolve('done')
    await Promise.all(results)
    expect(begun).toBe(2)
  })

  it('continues when its call is cancelled, and the repeated call gets the result', async () => {
    const caller = new AbortController()
    const first = jobs.run('a', work, caller.signal)
    caller.abort(new Error('the deadline has passed'))
    await expect(first).rejects.toThrow('the deadline has passed')
    const second = jobs.run('a', work, never)
    end.resolve('done')
    expect(await second).toBe('done')
    expect(begun).toBe(1)
  })

  it('does not begin for a call that was cancelled before', async () => {
    await expect(jobs.run('a', work, AbortSignal.abort(new Error('gone')))).rejects.toThrow('gone')
    expect(begun).toBe(0)
  })

  it('passes an error to all waiting calls, and begins again with the next call', async () => {
    const results = [jobs.run('a', work, never), jobs.run('a', work, never)]
    end.reject(new Error('no luck'))
    for (const result of results) await expect(result).rejects.toThrow('no luck')
    end = Promise.withResolvers()
    end.resolve('done')
    expect(await jobs.run('a', work, never)).toBe('done')
    expect(begun).toBe(2)
  })

  it('begins again even if no caller received the error', async () => {
    const caller = new AbortController()
    const first = jobs.run('a', work, caller.signal)
    caller.abort(new Error('gone'))
    await expect(first).rejects.toThrow('gone')
    end.reject(new Error('no luck'))
    await jobs.cancel('a', new Error('unused'))
    end = Promise.withResolvers()
    end.resolve('done')
    expect(await jobs.run('a', work, never)).toBe('done')
  })

  it('cancels one, and waits until it has cleaned up', async () => {
    const cleaned = Promise.withResolvers<undefined>()
    const job = jobs.run('a', (signal) => work(signal).finally(() => cleaned.promise), never)
    const other = jobs.run('b', () => Promise.resolve('untouched'), never)
    let isCancelled = false
    const cancelled = jobs.cancel('a', new Error('deleted')).then(() => (isCancelled = true))
    await expect(other).resolves.toBe('untouched')
    expect(isCancelled).toBe(false)
    cleaned.resolve(undefined)
    await cancelled
    await expect(job).rejects.toThrow('deleted')
  })

  it('has nothing to cancel where there is no job', async () => {
    await jobs.cancel('a', new Error('unused'))
  })

  it('ends with the process', async () => {
    const results = ['a', 'b'].map((key) => jobs.run(key, work, never))
    const stopped = jobs[Symbol.asyncDispose]()
    for (const result of results)
      await expect(result).rejects.toMatchObject({
        kind: 'unavailable',
        message: expect.stringContaining('the driver is stopping'),
      })
    await stopped
  })

  it('starts none after it has stopped', async () => {
    await jobs.stop()
    await expect(jobs.run('a', work, never)).rejects.toMatchObject({ kind: 'unavailable' })
    expect(begun).toBe(0)
  })
})
