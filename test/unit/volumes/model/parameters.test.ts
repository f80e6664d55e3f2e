import { describe, expect, it } from '@jest/globals'
import { parseMutableParameters, parseParameters } from '../../../../src/volumes/model/parameters.ts'

const defaults = {
  pool: 'default',
  provisioning: 'thin',
  directIo: 'auto',
  discard: 'none',
  fsType: undefined,
  mkfsOptions: [],
  content: 'new',
  labels: {},
}

describe('parseParameters', () => {
  it.each([
    [{}, {}],
    [{ pool: 'fast' }, { pool: 'fast' }],
    [{ provisioning: 'thick' }, { provisioning: 'thick' }],
    [{ directIO: 'off' }, { directIo: 'off' }],
    [{ fsType: 'xfs' }, { fsType: 'xfs' }],
    [{ mkfsOptions: ' -L  data -m 1 ' }, { mkfsOptions: ['-L', 'data', '-m', '1'] }],
    [{ 'csi.storage.k8s.io/pvc/name': 'db' }, { labels: { 'pvc/name': 'db' } }],
  ])('%j', (given, differs) => {
    expect(parseParameters(given)).toEqual({ ...defaults, ...differs })
  })

  it('lets mutable parameters win', () => {
    const both = parseParameters(
      { directIO: 'on', provisioning: 'thick' },
      { directIO: 'off', provisioning: 'thin', discard: 'online' },
    )
    expect(both).toMatchObject({ directIo: 'off', provisioning: 'thin', discard: 'online' })
  })

  it('knows which parameters are mutable', () => {
    expect(() => parseParameters({}, { pool: 'x' })).toThrow(
      'mutable_parameters: "pool" is unknown; known are provisioning',
    )
    expect(() => parseMutableParameters({ fsType: 'xfs' })).toThrow('mutable_parameters: "fsType" is unknown')
    expect(parseMutableParameters({ directIO: 'on' })).toEqual({ directIo: 'on' })
  })

  it.each([
    [{ Pool: 'x' }, '"Pool" is unknown'],
    [{ size: '1Gi' }, '"size" is unknown; known are pool, fsType'],
    [{ provisioning: 'fat' }, 'provisioning is "fat"; expected ("thin" | "thick")'],
    [{ directIO: 'yes' }, 'directIO is "yes"'],
    [{ fsType: 'ntfs' }, 'fsType is "ntfs"'],
    [{ pool: '' }, 'pool is'],
    [{ discard: 'yes' }, 'discard is "yes"'],
    [{ provisioning: 'thick', discard: 'online' }, 'provisioning "thick" and discard "online" contradict'],
    [
      { provisioning: 'thick', discard: 'periodic' },
      'provisioning "thick" and discard "periodic" contradict',
    ],
  ])('refuses %j', (given, words) => {
    expect(() => parseParameters(given)).toThrow(expect.objectContaining({ kind: 'invalid-argument' }))
    expect(() => parseParameters(given)).toThrow(words)
  })
})
