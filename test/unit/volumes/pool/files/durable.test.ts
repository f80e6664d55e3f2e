import { setImmediate } from 'node:timers/promises'
import { describe, expect, it } from '@jest/globals'
import { flush } from '../../../../../src/volumes/pool/files/durable.ts'
import { scopes } from '../../../../../src/volumes/pool/gate/turn.ts'

/** Calls that wait for their turn until the test gives it to them. */
class TestGate {
  readonly waiting: (() => void)[] = []

  run<T>(call: () => Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      this.waiting.push(() => {
        scopes.run({ gate: this, hasTurn: true, isUrgent: false }, call).then(resolve, reject)
      })
    })
  }

  within<T>(work: () => Promise<T>): Promise<T> {
    return scopes.run({ gate: this, hasTurn: false, isUrgent: false }, work)
  }
}

describe('flush', () => {
  it('serves all who ask before it begins, and none who asks later', async () => {
    const gate = new TestGate()
    const flushRoot = (): Promise<void> => gate.within(() => flush('/'))
    const early = [flushRoot(), flushRoot()]
    await setImmediate()
    early.push(flushRoot())
    expect(gate.waiting).toHaveLength(1)
    gate.waiting[0]?.()
    const late = flushRoot()
    await Promise.all(early)
    expect(gate.waiting).toHaveLength(2)
    gate.waiting[1]?.()
    await late
  })

  it('fails for all who share it, and is tried anew after that', async () => {
    const gate = new TestGate()
    const flushAbsent = (): Promise<void> => gate.within(() => flush('/absent'))
    const failed = Promise.allSettled([flushAbsent(), flushAbsent()])
    await setImmediate()
    gate.waiting[0]?.()
    expect(await failed).toMatchObject(Array(2).fill({ status: 'rejected', reason: { code: 'ENOENT' } }))
    const again = flushAbsent()
    await setImmediate()
    expect(gate.waiting).toHaveLength(2)
    gate.waiting[1]?.()
    await expect(again).rejects.toMatchObject({ code: 'ENOENT' })
  })

  it('waits for nobody inside a call that has its turn', async () => {
    const gate = new TestGate()
    const waiting = gate.within(() => flush('/'))
    await setImmediate()
    await scopes.run({ gate, hasTurn: true, isUrgent: false }, () => flush('/'))
    gate.waiting[0]?.()
    await waiting
    expect(gate.waiting).toHaveLength(1)
  })
})
