import { describe, expect, it } from '@jest/globals'
import { defaultAttributes } from '../../../../src/volumes/model/attributes.ts'
import {
  isEphemeral,
  parseEphemeralAttributes,
  parseMutableParameters,
  parseParameters,
  parseSnapshotParameters,
  toParameters,
} from '../../../../src/volumes/model/parameters.ts'
import { MiB } from '../world.ts'

const defaults = {
  pool: 'default',
  ...defaultAttributes,
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
    [{ content: 'imported' }, { content: 'imported' }],
    [{ mkfsOptions: ' -L  data -m 1 ' }, { mkfsOptions: ['-L', 'data', '-m', '1'] }],
    [{ 'csi.storage.k8s.io/pvc/name': 'db' }, { labels: { 'pvc/name': 'db' } }],
  ])('%j', (given, differs) => {
    expect(parseParameters(given)).toEqual({ ...defaults, ...differs })
  })

  it('gives mutable parameters precedence', () => {
    const both = parseParameters(
      { directIO: 'on', provisioning: 'thick' },
      { directIO: 'off', provisioning: 'thin', discard: 'online' },
    )
    expect(both).toMatchObject({ directIo: 'off', provisioning: 'thin', discard: 'online' })
  })

  it('knows which parameters are mutable', () => {
    expect(() => parseParameters({}, { pool: 'x' })).toThrow(
      'mutable_parameters: "pool" is unknown; known are provisioning, directIO, discard',
    )
    expect(() => parseMutableParameters({ fsType: 'xfs' })).toThrow('mutable_parameters: "fsType" is unknown')
    expect(parseMutableParameters({ directIO: 'on' })).toEqual({ directIo: 'on' })
  })

  it.each([
    [{ Pool: 'x' }, '"Pool" is unknown'],
    [
      { size: '1Gi' },
      '"size" is unknown; known are pool, fsType, mkfsOptions, content, provisioning, directIO, discard',
    ],
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

describe('toParameters', () => {
  it('returns the parameters that give a volume these attributes', () => {
    const attributes = { ...defaultAttributes, provisioning: 'thick', directIo: 'off' } as const
    expect(toParameters(attributes)).toMatchObject({
      provisioning: 'thick',
      directIO: 'off',
      discard: 'none',
    })
    expect(parseParameters(toParameters(attributes))).toMatchObject(attributes)
  })
})

describe('parseEphemeralAttributes', () => {
  it.each([
    [{}, undefined, {}],
    [{ size: '10Mi' }, 10n * MiB, {}],
    [{ size: '1' }, 1n, {}],
    [{ fsType: 'xfs', pool: 'fast' }, undefined, { fsType: 'xfs', pool: 'fast' }],
    [
      { 'csi.storage.k8s.io/ephemeral': 'true', 'csi.storage.k8s.io/serviceAccount.tokens': 'secret' },
      undefined,
      { labels: {} },
    ],
  ])('%j', (given, sizeBytes, parameters) => {
    expect(parseEphemeralAttributes(given)).toMatchObject({
      sizeBytes,
      parameters: {
        pool: 'default',
        provisioning: 'thin',
        discard: 'none',
        fsType: undefined,
        ...parameters,
      },
    })
  })

  it.each([
    [{ Size: '1Gi' }, 'volume_context: "Size" is unknown; known are size, fsType, pool'],
    [{ provisioning: 'thick' }, 'volume_context: "provisioning" is unknown'],
    [{ size: '0' }, 'volume_context: size is "0"; expected a quantity such as 1Gi'],
    [{ size: '-1Gi' }, 'volume_context: size is "-1Gi"'],
    [{ size: 'large' }, 'volume_context: size is "large"'],
    [{ fsType: 'ntfs' }, 'volume_context: fsType is "ntfs"; expected ("ext4" | "xfs" | "btrfs")'],
    [{ pool: '' }, 'volume_context: pool is'],
  ])('refuses %j', (given, words) => {
    expect(() => parseEphemeralAttributes(given)).toThrow(
      expect.objectContaining({ kind: 'invalid-argument' }),
    )
    expect(() => parseEphemeralAttributes(given)).toThrow(words)
  })
})

describe('isEphemeral', () => {
  it.each([
    [{}, false],
    [{ 'csi.storage.k8s.io/ephemeral': 'false' }, false],
    [{ 'csi.storage.k8s.io/ephemeral': 'true' }, true],
  ])('%j: %s', (context, expected) => {
    expect(isEphemeral(context)).toBe(expected)
  })
})

describe('parseSnapshotParameters', () => {
  it.each([
    [{}, 60_000],
    [{ freezeTimeout: '1ms' }, 1],
    [{ freezeTimeout: '500ms' }, 500],
    [{ freezeTimeout: '10s' }, 10_000],
    [{ freezeTimeout: '999999s' }, 999_999_000],
    // What csi-snapshotter adds by --extra-create-metadata.
    [{ 'csi.storage.k8s.io/volumesnapshot/name': 'nightly' }, 60_000],
  ])('%j', (parameters, freezeTimeoutMs) => {
    expect(parseSnapshotParameters(parameters)).toEqual({ freezeTimeoutMs })
  })

  it.each(['', '10', '0s', '0ms', '-1s', '1.5s', '10m', ' 10s', '10s ', '10S', '1000000s'])(
    'refuses freezeTimeout %j, and names it',
    (freezeTimeout) => {
      const parse = () => parseSnapshotParameters({ freezeTimeout })
      expect(parse).toThrow(expect.objectContaining({ kind: 'invalid-argument' }))
      expect(parse).toThrow(/^parameters: freezeTimeout is .*a duration such as 500ms or 10s/)
    },
  )

  it('refuses an unknown one by name, and lists the existing ones', () => {
    expect(() => parseSnapshotParameters({ freezetimeout: '1s' })).toThrow(
      'parameters: "freezetimeout" is unknown; known are freezeTimeout',
    )
  })
})
