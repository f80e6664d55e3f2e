import { describe, expect, it } from '@jest/globals'
import { parseSnapshotParameters } from '../../../../src/volumes/model/snapshot-parameters.ts'

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

  it('refuses an unknown one by name, and says which there are', () => {
    expect(() => parseSnapshotParameters({ freezetimeout: '1s' })).toThrow(
      'parameters: "freezetimeout" is unknown; known are freezeTimeout',
    )
  })
})
