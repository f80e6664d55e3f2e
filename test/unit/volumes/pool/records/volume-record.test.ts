import { describe, expect, it } from '@jest/globals'
import { volumeIdFor } from '../../../../../src/volumes/model/ids.ts'
import { volumeKind } from '../../../../../src/volumes/pool/records/volume-record.ts'
import { volumeFixture } from '../../fixtures.ts'

const { encode: encodeVolume, decode } = volumeKind
const decodeVolume = (text: string, pool: string) => decode(text, pool, volumeFixture.capacityBytes)
const volume = { ...volumeFixture, id: volumeIdFor('n1', 'näme/../'), name: 'näme/../' }

function changed(change: Record<string, unknown>): string {
  return JSON.stringify({ ...(JSON.parse(encodeVolume(volume)) as object), ...change })
}

describe('volume.json', () => {
  it('gives back what was written', () => {
    expect(decodeVolume(encodeVolume(volume), 'default')).toEqual(volume)
  })

  it('does not know its pool, which may be renamed', () => {
    expect(encodeVolume(volume)).not.toContain('pool')
    expect(decodeVolume(encodeVolume(volume), 'other')).toEqual({ ...volume, pool: 'other' })
  })

  it('believes a larger image, which a crash after growing leaves', () => {
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
    expect(encodeVolume(read)).toContain('"schemaVersion": 2')
  })

  it('refuses a smaller image, which is damage', () => {
    expect(() => decode(encodeVolume(volume), 'default', 4096n)).toThrow('the image has 4096 bytes')
  })

  it.each([
    [
      'a newer driver',
      changed({ schemaVersion: 3 }),
      /schemaVersion is 3, this driver knows 2: .*upgrade the driver again/,
    ],
    ['a version that never was', changed({ schemaVersion: 0 }), 'schemaVersion is 0; this driver knows 2'],
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
