import { describe, expect, it } from '@jest/globals'
import { parseParameters } from '../../../src/volumes/parameters.ts'

const defaults = {
  pool: 'default',
  provisioning: 'thin',
  directIo: 'auto',
  fsType: undefined,
  mkfsOptions: [],
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

  it.each([
    [{ Pool: 'x' }, '"Pool" is unknown'],
    [{ size: '1Gi' }, '"size" is unknown; known are pool, provisioning'],
    [{ provisioning: 'fat' }, 'provisioning is "fat"; expected ("thin" | "thick")'],
    [{ directIO: 'yes' }, 'directIO is "yes"'],
    [{ fsType: 'ntfs' }, 'fsType is "ntfs"'],
    [{ pool: '' }, 'pool is'],
  ])('refuses %j', (given, words) => {
    expect(() => parseParameters(given)).toThrow(expect.objectContaining({ kind: 'invalid-argument' }))
    expect(() => parseParameters(given)).toThrow(words)
  })
})
