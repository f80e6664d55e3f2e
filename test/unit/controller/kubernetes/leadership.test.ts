import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { Leadership } from '../../../../src/controller/kubernetes/leadership.ts'
import { FakeLease } from '../../../fakes/leases.ts'
import { silent } from '../../volumes/world.ts'

const SECOND = 1000

describe('Leadership', () => {
  let lease: FakeLease
  let now: number
  let replicas: Leadership[]

  beforeEach(() => {
    lease = new FakeLease()
    now = 0
    replicas = []
  })

  afterEach(async () => {
    for (const replica of replicas) await replica[Symbol.asyncDispose]()
  })

  const replica = (name: string): Leadership => {
    const made = new Leadership(lease, { namespace: 'storage', name: 'l' }, name, silent, () => now)
    replicas.push(made)
    return made
  }

  it('is acquired by the first', async () => {
    const [a, b] = [replica('a'), replica('b')]
    expect(a.isLeader).toBe(false)
    await a.try()
    await b.try()
    expect([a.isLeader, b.isLeader]).toEqual([true, false])
    expect(lease.holder).toBe('a')
  })

  it('is acquired by one of two concurrent replicas', async () => {
    const all = [replica('a'), replica('b')]
    await Promise.all(all.map((one) => one.try()))
    expect(all.filter(({ isLeader }) => isLeader)).toHaveLength(1)
  })

  it('is kept by a replica that renews it', async () => {
    const [a, b] = [replica('a'), replica('b')]
    for (; now < 120 * SECOND; now += 10 * SECOND) {
      await a.try()
      await b.try()
      expect([a.isLeader, b.isLeader]).toEqual([true, false])
    }
    expect(lease.transitions).toBe(0)
  })

  it('expires when it is not renewed, and has no holder for a while', async () => {
    const [a, b] = [replica('a'), replica('b')]
    await a.try()
    await b.try()
    now = 25 * SECOND
    await b.try()
    expect([a.isLeader, b.isLeader]).toEqual([false, false])
    now = 31 * SECOND
    await b.try()
    expect([a.isLeader, b.isLeader]).toEqual([false, true])
    await a.try()
    expect([a.isLeader, b.isLeader]).toEqual([false, true])
    expect(lease.transitions).toBe(1)
  })

  it('ends with the connection to the API server', async () => {
    const a = replica('a')
    await a.try()
    lease.isAway = true
    now = 19 * SECOND
    await a.try()
    expect(a.isLeader).toBe(true)
    now = 20 * SECOND
    expect(a.isLeader).toBe(false)
  })

  it('is released at the end', async () => {
    const [a, b] = [replica('a'), replica('b')]
    await a.try()
    await a[Symbol.asyncDispose]()
    expect(a.isLeader).toBe(false)
    await b.try()
    expect(b.isLeader).toBe(true)
  })
})
