import { describe, expect, it } from '@jest/globals'
import { volumeIdFor } from '../../../../src/volumes/ids.ts'
import { volumeKind } from '../../../../src/volumes/pool/volume-record.ts'
import { volumeFixture } from '../fixtures.ts'

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

  it('refuses a smaller image, which is damage', () => {
    expect(() => decode(encodeVolume(volume), 'default', 4096n)).toThrow('the image has 4096 bytes')
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
