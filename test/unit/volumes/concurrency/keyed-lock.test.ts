import { setImmediate } from 'node:timers/promises'
import { describe, expect, it } from '@jest/globals'
import { never } from '../../../../src/volumes/concurrency/deadlines.ts'
import { KeyedLock } from '../../../../src/volumes/concurrency/keyed-lock.ts'

describe('KeyedLock', () => {
  it('lets one in at a time, in order', async () => {
    const locks = new KeyedLock()
    const seen: string[] = []
    const enter = async (name: string) => {
      using _lock = await locks.acquire('key', never)
      seen.push(`${name} in`)
      await setImmediate()
      seen.push(`${name} out`)
    }
    await Promise.all([enter('a'), enter('b'), enter('c')])
    expect(seen).toEqual(['a in', 'a out', 'b in', 'b out', 'c in', 'c out'])
  })

  it('does not block other keys', async () => {
    const locks = new KeyedLock()
    using _one = await locks.acquire('one', never)
    using other = await locks.acquire('other', never)
    expect(other).toBeDefined()
  })

  it('ends the wait of a cancelled call only', async () => {
    const locks = new KeyedLock()
    const first = await locks.acquire('key', never)
    const impatient = new AbortController()
    const second = locks.acquire('key', impatient.signal)
    let third = false
    const waiting = locks.acquire('key', never).then((lock) => {
      third = true
      return lock
    })
    impatient.abort(new Error('no more'))
    await expect(second).rejects.toThrow('no more')
    await setImmediate()
    expect(third).toBe(false)
    first[Symbol.dispose]()
    expect(await waiting).toBeDefined()
  })

  it('does not begin for a call that was cancelled before', async () => {
    const locks = new KeyedLock()
    await expect(locks.acquire('key', AbortSignal.abort(new Error('late')))).rejects.toThrow('late')
    using lock = await locks.acquire('key', never)
    expect(lock).toBeDefined()
  })
})
