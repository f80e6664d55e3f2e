import { describe, expect, it } from '@jest/globals'
import { groupSnapshotIdFor, snapshotIdFor, volumeIdFor } from '../../../../../src/volumes/model/ids.ts'
import { snapshotKind } from '../../../../../src/volumes/pool/records/snapshot-record.ts'
import type { Snapshot } from '../../../../../src/volumes/model/snapshot.ts'

const snapshot: Snapshot = {
  id: snapshotIdFor('n1', 'nightly'),
  name: 'nightly',
  pool: 'default',
  sourceVolumeId: volumeIdFor('n1', 'pvc-1'),
  sizeBytes: 4096n,
  cutAt: '2026-01-02T03:04:05.678Z',
  accessTypes: ['mount'],
  fsType: 'xfs',
  fileSystem: { state: 'formatted', uuid: '6d1e2f1c-0b62-4c1e-9d05-2f3a7f0c8a11' },
  group: {
    id: groupSnapshotIdFor('n1', 'all'),
    name: 'all',
    members: [snapshotIdFor('n1', 'nightly'), snapshotIdFor('n1', 'other')],
    pools: ['default', 'fast'],
  },
}
const text = snapshotKind.encode(snapshot)
const json = JSON.parse(text) as Record<string, unknown>

describe('snapshot.json', () => {
  it.each([['in a group'], ['alone']])('is read as it was written, %s', (how) => {
    const written = how === 'alone' ? { ...snapshot, group: undefined } : snapshot
    expect(snapshotKind.decode(snapshotKind.encode(written), 'default', 4096n)).toEqual(written)
  })

  it('does not hold the pool, which is where it lies', () => {
    expect(json).not.toHaveProperty('pool')
    expect(snapshotKind.decode(text, 'renamed', 4096n).pool).toBe('renamed')
  })

  it('is read in its first version, which did not say whether its source was formatted', () => {
    const first = `{
      "schemaVersion": 1,
      "id": "${snapshot.id}",
      "name": "nightly",
      "sourceVolumeId": "${snapshot.sourceVolumeId}",
      "sizeBytes": "4096",
      "cutAt": "2026-01-02T03:04:05.678Z",
      "accessTypes": ["mount"],
      "fsType": "xfs"
    }`
    const read = snapshotKind.decode(first, 'default', 4096n)
    expect(read).toEqual({ ...snapshot, group: undefined, fileSystem: { state: 'unknown' } })
  })

  it.each([
    [
      'a newer schema',
      { schemaVersion: 3 },
      /schemaVersion is 3, this driver knows 2: .*upgrade the driver again/,
    ],
    ['no schema', { schemaVersion: undefined }, 'schemaVersion'],
    ['a strange id', { id: '../../etc' }, 'id: is no id'],
    ['no source', { sourceVolumeId: undefined }, 'sourceVolumeId'],
    ['a strange size', { sizeBytes: '-1' }, 'sizeBytes'],
    ['an unknown file system', { fsType: 'zfs' }, 'fsType'],
    [
      'a group without members',
      { group: { id: snapshot.group?.id, name: 'all', pools: [] } },
      'group.members',
    ],
  ])('is refused with %s', (_, change, words) => {
    const changed = JSON.stringify({ ...json, ...change })
    expect(() => snapshotKind.decode(changed, 'default', 4096n)).toThrow(words)
  })

  it.each([0n, 4095n, 8192n])('is refused beside an image of %d bytes', (imageBytes) => {
    expect(() => snapshotKind.decode(text, 'default', imageBytes)).toThrow(
      `the image has ${imageBytes} bytes, the record says 4096`,
    )
  })
})
