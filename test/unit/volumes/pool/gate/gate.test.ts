import { setImmediate, setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, it, jest } from '@jest/globals'
import { Gate, type GateOptions } from '../../../../../src/volumes/pool/gate/gate.ts'
import { scopes, turn } from '../../../../../src/volumes/pool/gate/turn.ts'
import type { PoolUnreachableError } from '../../../../../src/volumes/pool/gate/unreachable.ts'

/** A file system whose calls return when the test says so. */
class TestFileSystem {
  readonly calls: PromiseWithResolvers<string>[] = []
  readonly probes: PromiseWithResolvers<undefined>[] = []
  fileSystemId = 1

  readonly call = (): Promise<string> => {
    const call = Promise.withResolvers<string>()
    this.calls.push(call)
    return call.promise
  }

  readonly probe = (): Promise<undefined> => {
    const probe = Promise.withResolvers<undefined>()
    this.probes.push(probe)
    return probe.promise
  }

  return(): void {
    for (const { resolve } of this.calls) resolve('late')
    for (const { resolve } of this.probes) resolve(undefined)
  }
}

describe('Gate', () => {
  const make = (options: Omit<GateOptions, 'pool' | 'path'> = {}) => {
    const fs = new TestFileSystem()
    const events: string[] = []
    const gate = new Gate({
      pool: 'slow',
      path: '/slow',
      patienceMs: 20,
      probe: fs.probe,
      fileSystemId: () => Promise.resolve(fs.fileSystemId),
      ...options,
    })
    const lost = Promise.withResolvers<PoolUnreachableError>()
    const found = Promise.withResolvers<undefined>()
    gate.watch(
      (error) => {
        events.push('lost')
        lost.resolve(error)
      },
      () => {
        events.push('found')
        found.resolve(undefined)
      },
    )
    return { fs, gate, events, lost: lost.promise, found: found.promise }
  }

  const refused = {
    reason: 'PoolNotAnswering',
    kind: 'unavailable',
    message: expect.stringContaining('"slow"'),
  }

  it('lets no more calls into the kernel at once than its width, in their order', async () => {
    const { fs, gate } = make({ width: 2 })
    const results = Promise.all(['a', 'b', 'c', 'd'].map(async (name) => name + (await gate.run(fs.call))))
    await setImmediate()
    expect(fs.calls).toHaveLength(2)
    fs.calls[1]?.resolve('1')
    await setImmediate()
    expect(fs.calls).toHaveLength(3)
    fs.return()
    await setImmediate()
    fs.return()
    expect(await results).toEqual(['alate', 'b1', 'clate', 'dlate'])
    expect(gate.underWay).toBe(0)
  })

  it('limits the calls of long work, not the work, and does not wait inside a call that has its turn', async () => {
    const { fs, gate } = make({ width: 1 })
    const works = [1, 2, 3].map(() => gate.within(() => turn(() => turn(fs.call))))
    await setImmediate()
    expect(fs.calls).toHaveLength(1)
    for (const work of works) {
      fs.return()
      await work
    }
    expect(fs.calls).toHaveLength(3)
  })

  it('lets an urgent call pass waiting ones', async () => {
    const { fs, gate } = make({ width: 1 })
    const order: string[] = []
    const first = gate.run(fs.call)
    const later = gate.run(() => Promise.resolve(order.push('later')))
    const urgent = gate.within(() => turn(() => Promise.resolve(order.push('urgent'))), { isUrgent: true })
    fs.return()
    await Promise.all([first, later, urgent])
    expect(order).toEqual(['urgent', 'later'])
  })

  it('refuses those that wait, and new ones, while the file system does not answer', async () => {
    const { fs, gate, events, lost, found } = make({ width: 1 })
    const waiting = [gate.run(fs.call), gate.run(fs.call), gate.within(() => turn(fs.call))]
    for (const call of waiting) await expect(call).rejects.toMatchObject(refused)
    expect(await lost).toMatchObject(refused)
    await expect(gate.run(fs.call)).rejects.toMatchObject(refused)
    // The call, and the probe.
    expect(fs.calls).toHaveLength(1)
    expect(gate.underWay).toBe(2)
    fs.probes[0]?.resolve(undefined)
    await setImmediate()
    expect(events).toEqual(['lost'])
    fs.return()
    await found
    expect(gate.underWay).toBe(0)
    fs.calls.length = 0
    const again = gate.run(fs.call)
    fs.return()
    expect(await again).toBe('late')
  })

  it('allows a long call while the file system answers', async () => {
    const { fs, gate, events } = make()
    const call = gate.run(fs.call)
    for (let probes = 0; probes < 3;) {
      await new Promise((resolve) => setTimeout(resolve, 5))
      for (const { resolve } of fs.probes) resolve(undefined)
      probes = fs.probes.length
    }
    fs.return()
    expect(await call).toBe('late')
    expect(events).toEqual([])
  })

  it('reports a file system that does not answer when no call returns while others wait', async () => {
    const { fs, gate, lost } = make({ width: 1, stallMs: 30 })
    const answering = setInterval(() => {
      for (const { resolve } of fs.probes) resolve(undefined)
    }, 1)
    const waiting = [gate.run(fs.call), gate.run(fs.call)]
    for (const call of waiting) await expect(call).rejects.toMatchObject(refused)
    await lost
    clearInterval(answering)
    fs.return()
  })

  it('reports a file system that does not answer when no call of an opening returns', async () => {
    const { fs, gate, lost, found } = make({ openingStallMs: 30 })
    const answering = setInterval(() => {
      for (const { resolve } of fs.probes) resolve(undefined)
    }, 1)
    const limit = gate.limitStalls()
    await expect(gate.within(() => turn(fs.call))).rejects.toMatchObject(refused)
    limit[Symbol.dispose]()
    await lost
    fs.return()
    await found
    clearInterval(answering)
  })

  it('limits work without a turn, and waits for its end', async () => {
    const { fs, gate, found } = make({ openingStallMs: 30 })
    await expect(gate.limited(fs.call)).rejects.toMatchObject(refused)
    expect(gate.problem).toBeDefined()
    fs.return()
    await found
    expect(gate.problem).toBeUndefined()
  })

  it('releases later what it cannot release now, and the results of abandoned calls', async () => {
    const { fs, gate, found } = make()
    const released: string[] = []
    const got = gate.run(fs.call, (result) => Promise.resolve(released.push(`got ${result}`)))
    await expect(got).rejects.toMatchObject(refused)
    await gate.release(() => Promise.resolve(released.push('held')))
    expect(released).toEqual([])
    fs.return()
    await found
    await setImmediate()
    expect(released).toEqual(['got late', 'held'])
  })

  it('releases once more what is refused again while it is released', async () => {
    const { fs, gate, found } = make({ width: 1 })
    const released: string[] = []
    await expect(gate.run(fs.call)).rejects.toMatchObject(refused)
    await gate.release(fs.call)
    await gate.release(() => Promise.resolve(released.push('second')))
    fs.return()
    await found
    // The first one has the only turn, so the second one waits, and is refused.
    gate.giveUp()
    await setImmediate()
    expect(released).toEqual([])
    fs.return()
    await setImmediate()
    expect(released).toEqual(['second'])
  })

  it('reports an answer outside of the scope of the call that returned', async () => {
    const { fs, gate, found } = make()
    let scope: unknown = 'none'
    gate.watch(
      () => undefined,
      () => (scope = scopes.getStore()),
    )
    await expect(gate.within(() => gate.run(fs.call))).rejects.toMatchObject(refused)
    fs.return()
    await found
    expect(scope).toBeUndefined()
  })

  it('gives urgent calls their turn in their order, before the others', async () => {
    const { fs, gate } = make({ width: 1 })
    const running = gate.run(fs.call)
    const order: string[] = []
    const call = (name: string) => () => Promise.resolve(order.push(name))
    const waiting = [
      gate.run(call('other')),
      gate.run(call('first freeze'), undefined, { kind: 'freeze' }),
      gate.run(call('second freeze'), undefined, { kind: 'freeze' }),
    ]
    fs.return()
    await Promise.all([running, ...waiting])
    expect(order).toEqual(['first freeze', 'second freeze', 'other'])
  })

  it('has a turn for a freeze beside a flush, and one for other calls', async () => {
    const { fs, gate } = make({ width: 3 })
    const flushing = gate.run(fs.call, undefined, { kind: 'flush' })
    await gate.run(() => Promise.resolve(), undefined, { kind: 'freeze' })
    fs.return()
    await flushing
  })

  it('is not stalled while flushes wait for each other and turns are free', async () => {
    const { fs, gate, events } = make({ width: 4, stallMs: 40 })
    const flushes = Promise.all([1, 2, 3].map(() => gate.run(fs.call, undefined, { kind: 'flush' })))
    const answering = setInterval(() => {
      for (const { resolve } of fs.probes) resolve(undefined)
    }, 1)
    await sleep(150)
    clearInterval(answering)
    expect(fs.calls).toHaveLength(2)
    expect(events).toEqual([])
    for (const call of fs.calls) call.resolve('flushed')
    await setImmediate()
    fs.return()
    await flushes
  })

  it('begins no call whose caller is refused after its turn has come', async () => {
    const { fs, gate } = make({ width: 2 })
    const givingUp = (): Promise<void> => {
      gate.giveUp()
      return Promise.resolve()
    }
    const others = Promise.allSettled([gate.run(fs.call), gate.run(fs.call), gate.run(givingUp)])
    const begin = jest.fn(fs.call)
    const late = gate.run(begin)
    fs.return()
    await expect(late).rejects.toMatchObject(refused)
    await others
    await setImmediate()
    expect(begin).not.toHaveBeenCalled()
    expect(gate.isIdle).toBe(true)
  })

  it('is closed for good when nothing is under way, and lets only the closing pass', async () => {
    const { fs, gate } = make()
    const events: string[] = []
    const call = gate.run(fs.call).then(() => events.push('returned'))
    const thaw = gate.note(fs.call).then(() => events.push('thawed'))
    const ended = gate.end(async () => {
      await gate.run(() => Promise.resolve(events.push('closed')))
    })
    await setImmediate()
    fs.calls[0]?.resolve('')
    await call
    await setImmediate()
    expect(events).toEqual(['returned'])
    fs.calls[1]?.resolve('')
    await ended
    await thaw
    expect(events).toEqual(['returned', 'thawed', 'closed'])
    const stopping = { kind: 'unavailable', message: 'pool "slow": the driver is stopping; repeat the call' }
    await expect(gate.run(fs.call)).rejects.toMatchObject(stopping)
    expect(await gate.note(() => Promise.resolve('thawed'))).toBe('thawed')
    fs.return()
  })

  it('is not closed while calls are given up that have not returned', async () => {
    const { fs, gate } = make()
    const call = gate.run(fs.call)
    const ended = gate.end(() => Promise.reject(new Error('closed')))
    gate.giveUp()
    const stopping = { message: expect.stringContaining('the driver is stopping') }
    await expect(call).rejects.toMatchObject(stopping)
    await expect(ended).rejects.toMatchObject(stopping)
    await expect(gate.run(fs.call)).rejects.toMatchObject(stopping)
    fs.return()
    await setImmediate()
    expect(await gate.run(() => Promise.resolve('again'))).toBe('again')
  })

  it('is refused again when a hanging file system is mounted again, until its calls have returned', async () => {
    const { fs, gate, lost, events } = make({ width: 2, budget: 5 })
    await Promise.allSettled([gate.run(fs.call), gate.run(fs.call)])
    await lost
    fs.fileSystemId = 2
    await gate.lookForAnotherMount()
    expect(gate.problem).toBeUndefined()
    fs.fileSystemId = 1
    await gate.lookForAnotherMount()
    expect(gate.problem).toBeDefined()
    await gate.lookForAnotherMount()
    expect(events).toEqual(['lost', 'found', 'lost'])
    fs.return()
    await setImmediate()
    expect(gate.problem).toBeUndefined()
    expect(gate.underWay).toBe(0)
    expect(events).toEqual(['lost', 'found', 'lost', 'found'])
  })

  it('knows also the second of two file systems that are mounted in turns', async () => {
    const { fs, gate, lost } = make({ width: 2, budget: 8 })
    await gate.run(fs.call).catch(() => undefined)
    await lost
    fs.fileSystemId = 2
    await gate.lookForAnotherMount()
    const slow = Promise.withResolvers<undefined>()
    const work = gate.within(() => slow.promise)
    for (const id of [1, 2]) {
      fs.fileSystemId = id
      await gate.lookForAnotherMount()
      expect(gate.problem).toBeDefined()
    }
    await expect(work).rejects.toThrow(/does not answer/)
    slow.resolve(undefined)
    await setImmediate()
    expect(gate.problem).toBeUndefined()
    fs.return()
  })

  it('limits stalls from when it is told to', async () => {
    jest.useFakeTimers()
    try {
      const { fs, gate, events } = make({ openingStallMs: 200, probe: () => Promise.resolve() })
      const flush = gate.run(fs.call, undefined, { kind: 'flush' })
      await jest.advanceTimersByTimeAsync(300)
      using _limit = gate.limitStalls()
      await jest.advanceTimersByTimeAsync(150)
      expect(events).toEqual([])
      await Promise.all([jest.advanceTimersByTimeAsync(100), expect(flush).rejects.toMatchObject(refused)])
      expect(events).toEqual(['lost'])
    } finally {
      jest.useRealTimers()
    }
  })

  it('continues on a file system that is mounted in place of the hanging one, within its budget', async () => {
    const { fs, gate, lost, events } = make({ width: 2, budget: 5 })
    const hang = async (): Promise<undefined> => {
      await Promise.allSettled([gate.run(fs.call), gate.run(fs.call)])
    }
    await hang()
    await lost
    await gate.lookForAnotherMount()
    expect(gate.problem).toBeDefined()
    fs.fileSystemId = 2
    await gate.lookForAnotherMount()
    expect(gate.problem).toBeUndefined()
    expect(events).toEqual(['lost', 'found'])
    await hang()
    fs.fileSystemId = 3
    await gate.lookForAnotherMount()
    expect(gate.problem).toBeDefined()
    fs.return()
    await setImmediate()
    expect(gate.problem).toBeUndefined()
    expect(gate.underWay).toBe(0)
  })
})
