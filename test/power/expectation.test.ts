import { describe, expect, it } from '@jest/globals'
import type { Operation } from '../model/operations.ts'
import { empty, withSnapshot, withVolume, type State } from '../model/state.ts'
import { difference, expectationOf, type Found } from './expectation.ts'

const volume = { size: 8, source: undefined, stamp: 3, isStaged: true, isPublished: true }
const one = withVolume(empty, 'ext4-a', volume)

const found = (state: Partial<Record<'ext4-a' | 'ext4-b', [size: number, stamp: number]>>): Found => ({
  volumes: new Map(Object.entries(state).map(([name, [size, stamp]]) => [name as 'ext4-a', { size, stamp }])),
  snapshots: new Map(),
})

const after = (state: State, ...underWay: Operation[]) => expectationOf([state], underWay)

/** With what was looked at beside the content. */
const provisioned = (isThick: boolean): Found => ({
  volumes: new Map([['ext4-a', { size: 8, stamp: 3, isThick }]]),
  snapshots: new Map(),
})

describe('what may be there after a power cut', () => {
  it('is what was acknowledged', () => {
    expect(difference(after(one), found({ 'ext4-a': [8, 3] }))).toBeUndefined()
    expect(difference(after(one), found({}))).toBe('volume ext4-a is lost')
    expect(difference(after(one), found({ 'ext4-a': [12, 3] }))).toBe('volume ext4-a has 12 MiB, not 8')
    expect(difference(after(one), found({ 'ext4-a': [8, NaN] }))).toBe(
      'volume ext4-a has the content NaN, not 3',
    )
    expect(difference(after(empty), found({ 'ext4-a': [8, 3] }))).toBe('volume ext4-a is there again')
    const snapshot = withSnapshot(empty, 'ext4-snapshot-a', { source: 'ext4-a', size: 8, stamp: 3 })
    expect(difference(after(snapshot), found({}))).toBe('snapshot ext4-snapshot-a is lost')
  })

  it('is thin or thick as it was acknowledged', () => {
    const modify = { call: 'modify', volume: 'ext4-a', provisioning: 'thick' } as const
    expect(difference(after(one), provisioned(false))).toBeUndefined()
    expect(difference(after(one), provisioned(true))).toBe('volume ext4-a is thick')
    for (const isThick of [false, true])
      expect(difference(after(one, modify), provisioned(isThick))).toBeUndefined()
  })

  it('has all members of a group that was under way, or none', () => {
    const two = withVolume(one, 'ext4-b', volume)
    const members = [new Map(), new Map([['ext4-member-a', volume]])]
    members.push(new Map([...(members[1] ?? []), ['ext4-member-b', volume]]))
    const outcomes = members.map((snapshots) =>
      difference(after(two, { call: 'group', kind: 'ext4' }), {
        ...found({ 'ext4-a': [8, 3], 'ext4-b': [8, 3] }),
        snapshots: snapshots as Found['snapshots'],
      }),
    )
    expect(outcomes).toEqual([undefined, expect.stringContaining('ext4-member-b is lost'), undefined])
  })

  it('has the calls that were under way, or not, in any order', () => {
    const create: Operation = { call: 'create', volume: 'ext4-b', size: 16 }
    const unstaged = withVolume(empty, 'ext4-a', { ...volume, isStaged: false })
    const expected = after(unstaged, create, { call: 'delete', volume: 'ext4-a' })
    for (const state of [
      found({ 'ext4-a': [8, 3] }),
      found({ 'ext4-a': [8, 3], 'ext4-b': [16, 0] }),
      found({ 'ext4-b': [16, 0] }),
      found({}),
    ])
      expect(difference(expected, state)).toBeUndefined()
    expect(difference(expected, found({ 'ext4-b': [8, 0] }))).toContain(' / or / ')
  })

  it('is any content where a pod was writing', () => {
    const expected = after(one, { call: 'write', volume: 'ext4-a', stamp: 4 })
    for (const stamp of [3, 4, 0, NaN])
      expect(difference(expected, found({ 'ext4-a': [8, stamp] }))).toBeUndefined()
    expect(difference(expected, found({}))).toContain('volume ext4-a is lost')
  })
})
