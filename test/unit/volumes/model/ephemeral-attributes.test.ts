import { describe, expect, it } from '@jest/globals'
import { isEphemeral, parseEphemeralAttributes } from '../../../../src/volumes/model/ephemeral-attributes.ts'
import { MiB } from '../world.ts'

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
