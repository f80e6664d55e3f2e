import { describe, expect, it } from '@jest/globals'
import { groupSnapshotIdFor, snapshotIdFor, volumeIdFor } from '../../../../../src/volumes/model/ids.ts'
import type { Snapshot } from '../../../../../src/volumes/model/snapshot.ts'
import { snapshotKind, volumeKind } from '../../../../../src/volumes/pool/records/record-kinds.ts'
import { volumeFixture } from '../../fixtures.ts'

const { encode: encodeVolume, decode } = volumeKind
const decodeVolume = (text: string, pool: string) => decode(text, pool, volumeFixture.capacityBytes)
const volume = { ...volumeFixture, id: volumeIdFor('n1', 'näme/../'), name: 'näme/../' }

function changed(change: Record<string, unknown>): string {
  return JSON.stringify({ ...(JSON.parse(encodeVolume(volume)) as object), ...change })
}

describe('volume.json', () => {
  it('returns what was written', () => {
    expect(decodeVolume(encodeVolume(volume), 'default')).toEqual(volume)
  })

  it('does not contain its pool, which may be renamed', () => {
    expect(encodeVolume(volume)).not.toContain('pool')
    expect(decodeVolume(encodeVolume(volume), 'other')).toEqual({ ...volume, pool: 'other' })
  })

  it('accepts a larger image, which a crash after growing leaves', () => {
    const imageBytes = 2n * volume.capacityBytes
    expect(decode(encodeVolume(volume), 'default', imageBytes)).toMatchObject({ capacityBytes: imageBytes })
  })

  it('is read in its first version, under which the volume may have been formatted', () => {
    const first = `{
      "schemaVersion": 1,
      "accessTypes": ["mount"],
      "fsType": "ext4",
      "provisioning": "thin",
      "directIo": "auto",
      "discard": "none",
      "mkfsOptions": [],
      "id": "${volume.id}",
      "name": "pvc-1",
      "capacityBytes": "67108864",
      "initial": { "provisioning": "thin", "directIo": "auto", "discard": "none" },
      "ephemeral": false,
      "labels": {},
      "createdAt": "2026-01-02T03:04:05.678Z"
    }`
    const read = decodeVolume(first, 'default')
    expect(read).toMatchObject({ name: 'pvc-1', fileSystem: { state: 'unknown' } })
    const [versionLine] = /"schemaVersion": [2-9]/.exec(encodeVolume(volume)) ?? []
    expect(encodeVolume(read)).toContain(versionLine)
  })

  it('refuses a smaller image, which is damage', () => {
    expect(() => decode(encodeVolume(volume), 'default', 4096n)).toThrow('the image has 4096 bytes')
  })

  it.each([
    [
      'a newer driver',
      changed({ schemaVersion: 99 }),
      /schemaVersion is 99, this driver knows \d: .*upgrade the driver again/,
    ],
    ['a version that never was', changed({ schemaVersion: 0 }), 'schemaVersion is 0; this driver knows'],
    ['no file system', changed({ fileSystem: undefined }), 'fileSystem'],
    ['a formatted one of no UUID', changed({ fileSystem: { state: 'formatted' } }), 'fileSystem.uuid'],
    ['no schema version', changed({ schemaVersion: undefined }), 'Invalid key: Expected "schemaVersion"'],
    ['a size that is none', changed({ capacityBytes: '-1' }), 'capacityBytes'],
    ['an id that is a path', changed({ id: '../x' }), 'id'],
    ['another file system', changed({ fsType: 'zfs' }), 'fsType'],
    ['half a file', encodeVolume(volume).slice(0, 40), 'JSON'],
    ['an empty file', '', 'JSON'],
    ['something else', '[]', 'Invalid'],
  ])('refuses %s', (_name, text, words) => {
    expect(() => decodeVolume(text, 'default')).toThrow(words)
  })
})

const snapshot: Snapshot = {
  id: snapshotIdFor('n1', 'nightly'),
  name: 'nightly',
  pool: 'default',
  sourceVolumeId: volumeIdFor('n1', 'pvc-1'),
  sizeBytes: 4096n,
  pointInTime: '2026-01-02T03:04:05.678Z',
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

  it('does not keep its own pool in use', () => {
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
      { schemaVersion: 99 },
      /schemaVersion is 99, this driver knows \d: .*upgrade the driver again/,
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
