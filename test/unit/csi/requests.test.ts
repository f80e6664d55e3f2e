import { describe, expect, it } from '@jest/globals'
import { possiblePath, requiredName, requiredPath, toAccess, toAccesses } from '../../../src/csi/requests.ts'

const invalid = expect.objectContaining({ kind: 'invalid-argument' })
const writer = { mode: 'SINGLE_NODE_WRITER' } as const
const mount = { fsType: '', mountFlags: [], volumeMountGroup: '' }

describe('requiredName', () => {
  it.each(['a', 'pvc-1', '../..', 'a/b c', '🦊', 'x'.repeat(128), 'tab\tline\n'])('takes %j', (name) => {
    expect(requiredName(name)).toBe(name)
  })

  it.each([
    ['', 'name is required'],
    ['x'.repeat(129), '129 bytes'],
    ['🦊'.repeat(33), '132 bytes'],
    ['a\0b', 'control character'],
    ['\u0085', 'control character'],
  ])('refuses %j', (name, words) => {
    expect(() => requiredName(name)).toThrow(invalid)
    expect(() => requiredName(name)).toThrow(words)
  })
})

describe('requiredPath', () => {
  it.each(['', 'some/path', './x', '/a\0b'])('refuses %j, naming the field', (path) => {
    expect(() => requiredPath('target_path', path)).toThrow(invalid)
    expect(() => requiredPath('target_path', path)).toThrow('target_path')
  })
})

describe('possiblePath', () => {
  it.each(['some/path', `/${'x'.repeat(255)}`, 'x/'.repeat(2047)])('takes %j', (path) => {
    expect(possiblePath('volume_path', path)).toBe(path)
  })

  it.each(['', 'a\0b', `/${'x'.repeat(256)}`, `/${'€'.repeat(86)}`, 'x/'.repeat(2048)])(
    'refuses %j, naming the field',
    (path) => {
      expect(() => possiblePath('volume_path', path)).toThrow(invalid)
      expect(() => possiblePath('volume_path', path)).toThrow('volume_path')
    },
  )
})

describe('toAccess', () => {
  it.each([
    [
      { block: {}, accessMode: writer },
      { type: 'block', mode: 'SINGLE_NODE_WRITER' },
    ],
    [
      { mount: { ...mount, fsType: 'xfs', mountFlags: ['noatime'] }, accessMode: writer },
      { type: 'mount', mode: 'SINGLE_NODE_WRITER', fsType: 'xfs', mountFlags: ['noatime'] },
    ],
    [
      { mount, accessMode: writer },
      { type: 'mount', mode: 'SINGLE_NODE_WRITER', fsType: undefined, mountFlags: [] },
    ],
  ])('%j', (capability, access) => {
    expect(toAccess('volume_capability', capability)).toEqual(access)
  })

  it.each([
    [null, 'volume_capability is required'],
    [{ accessMode: writer }, 'access_type (block or mount) is required'],
    [{ block: {}, accessMode: null }, 'access_mode UNKNOWN is not supported'],
    [
      { block: {}, accessMode: { mode: 'MULTI_NODE_READER_ONLY' as const } },
      'MULTI_NODE_READER_ONLY is not supported',
    ],
    [
      { mount: { ...mount, fsType: 'zfs' }, accessMode: writer },
      'fs_type zfs is not supported; use ext4, xfs, btrfs',
    ],
    [
      { mount: { ...mount, volumeMountGroup: '1000' }, accessMode: writer },
      'volume_mount_group is not supported',
    ],
  ])('refuses %j', (capability, words) => {
    expect(() => toAccess('volume_capability', capability)).toThrow(invalid)
    expect(() => toAccess('volume_capability', capability)).toThrow(words)
  })
})

it('toAccesses needs one, and says which is wrong', () => {
  expect(() => toAccesses([])).toThrow('volume_capabilities is required')
  expect(() => toAccesses([{ block: {}, accessMode: writer }, { accessMode: writer }])).toThrow(
    'volume_capabilities[1]',
  )
})
