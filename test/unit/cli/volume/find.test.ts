import { describe, expect, it } from '@jest/globals'
import { findVolume } from '../../../../src/cli/volume/find.ts'
import { volumeIdFor } from '../../../../src/volumes/model/ids.ts'
import type { PoolOnDisk } from '../../../../src/volumes/inspection/pool-on-disk.ts'
import type { Volume } from '../../../../src/volumes/model/volume.ts'
import { volumeFixture } from '../../volumes/fixtures.ts'

const volume = (name: string, claim: string): Volume => ({
  ...volumeFixture,
  id: volumeIdFor('n1', name),
  name,
  labels: { 'pvc/namespace': 'shop', 'pvc/name': claim },
})

const damaged = volumeIdFor('n1', 'damaged')

const pool = (name: string, records: Volume[], state: PoolOnDisk['state'] = 'ready'): PoolOnDisk => ({
  config: {
    name,
    path: `/${name}`,
    limits: { sizeBytes: undefined, reserveBytes: 0n, overcommit: 1, inlineBytes: 0n },
  },
  state,
  problem: undefined,
  volumes: { records, damaged: new Map([[damaged, new Error('is a mess')]]), unfinished: new Map() },
  snapshots: { records: [], damaged: new Map(), unfinished: new Map() },
})

const pools = [
  pool('a', [volume('pvc-1', 'db'), volume('pvc-2', 'web')]),
  pool('b', [volume('pvc-3', 'web')]),
]

describe('a volume on the command line', () => {
  it.each([
    ['its id', volumeIdFor('n1', 'pvc-2'), 'pvc-2', 'a'],
    ['its name', 'pvc-3', 'pvc-3', 'b'],
    ['its claim', 'shop/db', 'pvc-1', 'a'],
  ])('is found by %s', (_, reference, name, poolName) => {
    const found = findVolume({ pools }, reference)
    expect([found.record.name, found.pool.config.name]).toEqual([name, poolName])
  })

  it.each([
    ['that is not there', 'shop/none', /there is no volume "shop\/none" on this node$/],
    ['whose claim has no namespace', 'db', /there is no volume "db"/],
    ['of a claim that has several', 'shop/web', /is the name of several: .*, .*; give the id/],
    ['that is damaged', damaged, /cannot be used: is a mess/],
  ])('%s is refused', (_, reference, message) => {
    expect(() => findVolume({ pools }, reference)).toThrow(message)
  })

  it('may be in a pool that cannot be read', () => {
    const some = [...pools, pool('c', [], 'unreachable')]
    expect(() => findVolume({ pools: some }, 'x')).toThrow('pool "c" is unreachable, and may have it')
  })
})
