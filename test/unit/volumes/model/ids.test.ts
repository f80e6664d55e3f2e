import { describe, expect, it } from '@jest/globals'
import { isId, nodeHash, volumeIdFor } from '../../../../src/volumes/model/ids.ts'

describe('volume ids', () => {
  it('follow from node and name alone', () => {
    expect(volumeIdFor('n1', 'a')).toBe(volumeIdFor('n1', 'a'))
    expect(volumeIdFor('n1', 'a')).not.toBe(volumeIdFor('n1', 'b'))
    expect(volumeIdFor('n1', 'a')).not.toBe(volumeIdFor('n2', 'a'))
  })

  it('begin with the hash of the node', () => {
    expect(volumeIdFor('n1', 'a').startsWith(`${nodeHash('n1')}-`)).toBe(true)
  })

  it.each(['a'.repeat(128), '../../etc', 'a/b', ' ', '🦊', 'a\nb'])(
    'are safe as file names for %j',
    (name) => {
      expect(volumeIdFor('n1', name)).toMatch(/^[0-9a-f]{8}-[0-9a-f]{32}$/)
    },
  )

  it.each([
    '',
    '..',
    'fake-vol-id',
    `${'0'.repeat(8)}-${'0'.repeat(31)}`,
    `${'0'.repeat(8)}-${'0'.repeat(32)}/..`,
  ])('are not %j', (text) => {
    expect(isId(text)).toBe(false)
  })
})
