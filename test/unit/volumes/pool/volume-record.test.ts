import { describe, expect, it } from '@jest/globals'
import { volumeIdFor } from '../../../../src/volumes/ids.ts'
import { decodeVolume, encodeVolume } from '../../../../src/volumes/pool/volume-record.ts'
import { volumeFixture } from '../fixtures.ts'

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

  it.each([
    ['a newer driver', changed({ schemaVersion: 2 }), 'schemaVersion is 2; this driver knows 1'],
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
