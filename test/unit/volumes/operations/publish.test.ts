import { describe, expect, it } from '@jest/globals'
import type { MountEntry } from '../../../../src/volumes/model/ports/mounts.ts'
import { accessModes, type Access, type AccessMode } from '../../../../src/volumes/model/volume.ts'
import { decidePublish, type PublishFacts } from '../../../../src/volumes/operations/publish.ts'
import { attachedAs, mountedAt, outcome } from '../facts.ts'

const STAGING = '/staging'
const TARGET = '/target'

const node = (target: string, number: number): MountEntry =>
  mountedAt(target, number, { loop: { number, as: 'node' } })

const mounted = (mode: AccessMode = 'SINGLE_NODE_WRITER'): Access => ({
  type: 'mount',
  mode,
  fsType: undefined,
  mountFlags: [],
})
const raw = (mode: AccessMode = 'SINGLE_NODE_WRITER'): Access => ({ type: 'block', mode })

const ofMount: PublishFacts = {
  id: 'v',
  own: attachedAs(3),
  readOnly: undefined,
  staged: mountedAt(STAGING, 3),
  published: undefined,
  uses: [mountedAt(STAGING, 3)],
}
const ofRaw: PublishFacts = {
  ...ofMount,
  own: attachedAs(3, { autoclear: false }),
  staged: undefined,
  uses: [],
}

const decide = (facts: PublishFacts, access: Access, readOnly = false, targetPath = TARGET) =>
  decidePublish(facts, { stagingPath: STAGING, targetPath, access, readOnly })

describe('decidePublish', () => {
  it.each([
    ['a mount volume', ofMount, mounted(), { action: 'bind', source: STAGING, readOnly: false }],
    ['a raw volume', ofRaw, raw(), { action: 'bind', source: '/dev/loop3', readOnly: false }],
  ] as const)('binds %s that is staged', (_, facts, access, expected) => {
    expect(decide(facts, access)).toEqual(expected)
  })

  it.each([
    ['it has no device', { ...ofMount, own: undefined }, mounted()],
    ['nothing is mounted at the staging path', { ...ofMount, staged: undefined }, mounted()],
    ['another volume is staged there', { ...ofMount, staged: mountedAt(STAGING, 4) }, mounted()],
    ['its raw device is being detached', { ...ofRaw, own: attachedAs(3, { autoclear: true }) }, raw()],
  ] as const)('refuses a volume as not staged when %s', (_, facts, access) => {
    expect(outcome(() => decide(facts, access))).toBe('failed-precondition')
  })

  it('binds read-only for a reader', () => {
    expect(decide(ofMount, mounted(), true)).toMatchObject({ action: 'bind', readOnly: true })
    expect(decide(ofMount, mounted('SINGLE_NODE_READER_ONLY'))).toMatchObject({ readOnly: true })
  })

  it('gives the reader of a writable raw volume a device on top, and of a read-only one its own', () => {
    expect(decide(ofRaw, raw(), true)).toMatchObject({ action: 'bind device read-only' })
    const facts = { ...ofRaw, own: attachedAs(3, { autoclear: false, readOnly: true }) }
    expect(decide(facts, raw(), true)).toEqual({ action: 'bind', source: '/dev/loop3', readOnly: false })
  })

  it.each([
    ['a mount volume, writable', { ...ofMount, published: mountedAt(TARGET, 3) }, mounted(), false],
    [
      'a mount volume, read-only',
      { ...ofMount, published: mountedAt(TARGET, 3, { readOnly: true }) },
      mounted(),
      true,
    ],
    ['a raw volume, writable', { ...ofRaw, published: node(TARGET, 3) }, raw(), false],
    [
      'a raw volume, by its read-only device',
      { ...ofRaw, readOnly: attachedAs(5, { readOnly: true }), published: node(TARGET, 5) },
      raw(),
      true,
    ],
  ] as const)(
    'has nothing to do for %s that is published in this way already',
    (_, facts, access, readOnly) => {
      expect(decide(facts, access, readOnly)).toEqual({ action: 'done' })
      expect(outcome(() => decide(facts, access, !readOnly))).toBe('already-exists')
    },
  )

  it('refuses a target where something else is mounted', () => {
    const other = { ...ofMount, published: mountedAt(TARGET, 7) }
    expect(outcome(() => decide(other, mounted()))).toBe('already-exists')
    const tmpfs = { ...ofMount, published: mountedAt(TARGET, undefined, { fsType: 'tmpfs' }) }
    expect(outcome(() => decide(tmpfs, mounted()))).toBe('already-exists')
  })

  // CSI's table of second publishes to another target path.
  it.each(accessModes.map((mode) => [mode]))('%s: a second target', (mode) => {
    const expected = mode === 'SINGLE_NODE_MULTI_WRITER' ? 'bind' : 'failed-precondition'
    const actionOf = (decision: unknown) => (decision as { action?: string }).action ?? decision
    const published = { ...ofMount, uses: [mountedAt(STAGING, 3), mountedAt('/elsewhere', 3)] }
    expect(actionOf(outcome(() => decide(published, mounted(mode))))).toBe(expected)
  })
})
