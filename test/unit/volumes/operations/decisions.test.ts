import { describe, expect, it } from '@jest/globals'
import type { LoopState } from '../../../../src/volumes/model/ports/loop-devices.ts'
import type { MountEntry } from '../../../../src/volumes/model/ports/mounts.ts'
import { decideCapacity, decideGrowth } from '../../../../src/volumes/operations/expand.ts'
import { requireNoDiscard } from '../../../../src/volumes/operations/modify.ts'
import { decideStageRaw, decideUnstage, type UnstageFacts } from '../../../../src/volumes/operations/stage.ts'
import { decideStats } from '../../../../src/volumes/operations/stats.ts'
import { decideTrim } from '../../../../src/volumes/operations/trim.ts'
import { attachedAs, mountedAt, outcome } from '../facts.ts'
import { volumeFixture } from '../fixtures.ts'

const device = (change: Partial<LoopState> = {}) => attachedAs(3, change)
const raw = device({ autoclear: false })
const entry = (target: string, change: Partial<MountEntry> = {}) => mountedAt(target, 3, change)

describe('decideStageRaw', () => {
  it.each([
    ['not attached', undefined, false, 'attach'],
    ['attached in this way', raw, false, 'done'],
    ['attached for reading only', device({ autoclear: false, readOnly: true }), false, 'already-exists'],
    ['attached for writing', raw, true, 'already-exists'],
    ['still being detached', device(), false, 'aborted'],
  ] as const)('%s', (_, own, readOnly, expected) => {
    expect(outcome(() => decideStageRaw(volumeFixture, own, readOnly))).toBe(expected)
  })
})

describe('decideUnstage', () => {
  const staged = entry('/staging')
  it.each<[string, Partial<UnstageFacts>, string]>([
    ['staged here', { own: device(), staged, uses: [staged] }, 'unmount'],
    ['published too', { own: device(), staged, uses: [staged, entry('/pod')] }, 'failed-precondition'],
    ['staged elsewhere', { own: device(), staged: undefined, uses: [entry('/other')] }, 'done'],
    ['not mounted any more', { own: device(), staged: undefined, uses: [] }, 'detach'],
    ['raw, not published', { own: raw, staged: undefined, uses: [] }, 'detach'],
    ['raw, published', { own: raw, staged: undefined, uses: [entry('/pod')] }, 'failed-precondition'],
    ['not attached', { own: undefined, staged: undefined, uses: [] }, 'detach'],
    [
      'another volume is there',
      { own: device(), staged: entry('/staging', { loop: { number: 9, as: 'file system' } }), uses: [] },
      'already-exists',
    ],
    ['lost, a loop device is there', { own: undefined, staged, uses: [] }, 'unmount'],
    [
      'lost, something else is there',
      { own: undefined, staged: entry('/staging', { loop: undefined }), uses: [] },
      'already-exists',
    ],
  ])('%s', (_, facts, expected) => {
    const all = { id: 'v', stagingPath: '/staging', own: undefined, staged: undefined, uses: [], ...facts }
    expect(outcome(() => decideUnstage(all))).toBe(expected)
  })
})

describe('decideGrowth', () => {
  const reader = entry('/pod', { readOnly: true })
  it.each([
    ['a raw volume', undefined, [], 'done'],
    ['mounted for writing there', entry('/pod'), [], { mountPoint: '/pod' }],
    ['mounted for writing elsewhere', reader, [reader, entry('/staging')], { mountPoint: '/staging' }],
    ['mounted for reading only', reader, [reader], 'read-only'],
    [
      'no bind of the node counts',
      reader,
      [entry('/dev2', { loop: { number: 3, as: 'node' } })],
      'read-only',
    ],
  ] as const)('%s', (_, found, uses, expected) => {
    expect(decideGrowth('/pod', found, uses)).toEqual(expected)
  })
})

describe('decideCapacity', () => {
  const volume = { id: volumeFixture.id, capacityBytes: 8192n }
  it.each([
    ['larger', 16384n, 0n, 16384n],
    ['as it is', 8192n, 0n, 8192n],
    ['less is required', 4096n, 0n, 8192n],
    ['whole pages', 8193n, 0n, 12288n],
    ['above the limit', 0n, 4096n, 'out-of-range'],
    ['no whole page within the limit', 8193n, 8194n, 'out-of-range'],
  ])('%s', (_, requiredBytes, limitBytes, expected) => {
    expect(outcome(() => decideCapacity(volume, { requiredBytes, limitBytes }))).toBe(expected)
  })
})

describe('decideStats', () => {
  it.each([
    ['a file system', device(), entry('/pod'), { measure: 'file system' }],
    [
      'a raw device',
      raw,
      entry('/pod', { loop: { number: 3, as: 'node' } }),
      { measure: 'device', totalBytes: 4096n },
    ],
    ['not attached', undefined, undefined, 'not-found'],
    ['not at the path', device(), undefined, 'not-found'],
  ] as const)('%s', (_, own, found, expected) => {
    expect(outcome(() => decideStats('v', '/pod', own, found))).toEqual(expected)
  })
})

describe('decideTrim', () => {
  it.each([
    ['mounted for writing', device(), [entry('/pod', { readOnly: true }), entry('/staging')], '/staging'],
    ['mounted for reading only', device(), [entry('/staging', { readOnly: true })], undefined],
    ['not mounted', device(), [], undefined],
    ['a raw volume', raw, [entry('/pod')], undefined],
    ['not attached', undefined, [], undefined],
  ] as const)('%s', (_, own, uses, expected) => {
    expect(decideTrim(own, uses)).toBe(expected)
  })
})

it.each([
  ['discard', 'failed-precondition'],
  ['discard=async', 'failed-precondition'],
  ['nodiscard', undefined],
])('a volume that is mounted with %s: %s when it is made thick', (option, expected) => {
  const uses = [entry('/staging', { options: ['rw', option] })]
  expect(
    outcome(() => {
      requireNoDiscard(volumeFixture, uses)
    }),
  ).toBe(expected)
})
