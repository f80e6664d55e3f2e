import { setTimeout } from 'node:timers/promises'
import { beforeEach, describe, expect, it } from '@jest/globals'
import { whileFrozen, type FreezeTarget } from '../../../../src/volumes/machine/freeze.ts'
import { FakeErrno } from '../../../fakes/errno.ts'
import { silent, never } from '../world.ts'

describe('whileFrozen', () => {
  let log: string[]

  beforeEach(() => {
    log = []
  })

  interface Behaviour {
    readonly freeze?: () => Promise<void>
    readonly thaw?: () => Promise<boolean>
  }

  const target = (volumeId: string, behaviour: Behaviour = {}): FreezeTarget => ({
    volumeId,
    fileSystem: {
      place: `/mnt/${volumeId}`,
      freeze: async () => {
        await behaviour.freeze?.()
        log.push(`freeze ${volumeId}`)
      },
      thaw: async () => {
        const isFrozen = (await behaviour.thaw?.()) ?? true
        log.push(`thaw ${volumeId}`)
        return isFrozen
      },
      flush: () => Promise.resolve(),
      usedBytes: () => Promise.resolve(0n),
      [Symbol.asyncDispose]: () => Promise.resolve(),
    },
  })

  const work = (): Promise<string> => {
    log.push('work')
    return Promise.resolve('done')
  }

  it('works between the last freeze and the first thaw', async () => {
    expect(await whileFrozen([target('a'), target('b')], work, never, silent)).toBe('done')
    expect(log).toEqual(['freeze a', 'freeze b', 'work', 'thaw a', 'thaw b'])
  })

  it('works without any', async () => {
    expect(await whileFrozen([], work, never, silent)).toBe('done')
  })

  it('tries to thaw until it succeeds', async () => {
    let failures = 3
    const thaw = (): Promise<boolean> =>
      failures-- > 0 ? Promise.reject(new FakeErrno('ENOMEM', 'thaw')) : Promise.resolve(true)
    await whileFrozen([target('a', { thaw })], work, never, silent)
    expect(log).toEqual(['freeze a', 'work', 'thaw a'])
  })

  it('does not return while one is frozen', async () => {
    const stuck = Promise.withResolvers<boolean>()
    const ended = whileFrozen([target('a', { thaw: () => stuck.promise }), target('b')], work, never, silent)
    expect(await Promise.race([ended, setTimeout(50, 'frozen')])).toBe('frozen')
    expect(log).toEqual(['freeze a', 'freeze b', 'work', 'thaw b'])
    stuck.resolve(true)
    expect(await ended).toBe('done')
  })

  it('thaws after the timeout although the work still waits, and ends with the work', async () => {
    const timeout = new AbortController()
    const stuck = Promise.withResolvers<undefined>()
    const ended = whileFrozen([target('a')], () => stuck.promise, timeout.signal, silent)
    ended.catch(() => log.push('ended'))
    await setTimeout(10)
    timeout.abort(new Error('too long'))
    await setTimeout(10)
    expect(log).toEqual(['freeze a', 'thaw a'])
    stuck.resolve(undefined)
    await expect(ended).rejects.toThrow('too long')
  })

  it('thaws only after work that must not outlast the freeze', async () => {
    const timeout = new AbortController()
    const stuck = Promise.withResolvers<string>()
    const ended = whileFrozen([target('a')], () => stuck.promise, timeout.signal, silent, false)
    await setTimeout(10)
    timeout.abort(new Error('too long'))
    await setTimeout(10)
    expect(log).toEqual(['freeze a'])
    stuck.resolve('done')
    expect(await ended).toBe('done')
    expect(log).toEqual(['freeze a', 'thaw a'])
  })

  it('thaws frozen ones when another freeze hangs, and that one when its freeze ends', async () => {
    const timeout = new AbortController()
    const stuck = Promise.withResolvers<undefined>()
    const ended = whileFrozen(
      [target('a'), target('b', { freeze: () => stuck.promise })],
      work,
      timeout.signal,
      silent,
    )
    ended.catch(() => log.push('ended'))
    await setTimeout(10)
    timeout.abort(new Error('too long'))
    await setTimeout(10)
    expect(log).toEqual(['freeze a', 'thaw a'])
    stuck.resolve(undefined)
    await expect(ended).rejects.toThrow('too long')
    expect(log).toEqual(['freeze a', 'thaw a', 'freeze b', 'thaw b', 'ended'])
  })

  it('leaves alone a freeze of another program', async () => {
    const freeze = (): Promise<void> => Promise.reject(new FakeErrno('EBUSY', 'freeze'))
    const ended = whileFrozen([target('a'), target('b', { freeze })], work, never, silent)
    await expect(ended).rejects.toMatchObject({
      kind: 'aborted',
      message: expect.stringContaining('"b" is frozen by another program at /mnt/b'),
    })
    expect(log).toEqual(['freeze a', 'thaw a'])
  })
})
