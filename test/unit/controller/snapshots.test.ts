import { beforeEach, describe, expect, it } from '@jest/globals'
import { snapshotRoutes } from '../../../src/controller/snapshots.ts'
import { noCluster } from '../../../src/controller/cluster-ports.ts'
import { csi } from '../../../src/csi/protocol.ts'
import { snapshotIdFor, volumeIdFor } from '../../../src/volumes/model/ids.ts'
import { at } from '../../support/at.ts'
import { never } from '../volumes/world.ts'
import { clusterOf, type FakeNode } from './fake-cluster.ts'

describe('a new snapshot', () => {
  let own: FakeNode
  let other: FakeNode
  let create: () => Promise<unknown>

  beforeEach(() => {
    const { nodes, fakes } = clusterOf('w1', 'w2')
    own = at(fakes, 0)
    other = at(fakes, 1)
    const { requestSerialize, requestDeserialize } = csi().Controller.CreateSnapshot
    const init = { name: 's', sourceVolumeId: volumeIdFor('w1', 'a') }
    const request = requestDeserialize(requestSerialize(init))
    const { createSnapshot } = snapshotRoutes(nodes, noCluster)
    create = async () => createSnapshot?.(request, never, Infinity)
  })

  it('is made on the node of its volume', async () => {
    await create()
    expect([...own.snapshots]).toEqual([snapshotIdFor('w1', 's')])
    expect(other.calls).toEqual(['getSnapshot'])
  })

  it('does not wait for another node that is connected but answers nothing', async () => {
    other.isMute = true
    await create()
    expect([...own.snapshots]).toEqual([snapshotIdFor('w1', 's')])
  })

  it('has no name that a snapshot on another node has', async () => {
    other.snapshots.add(snapshotIdFor('w2', 's'))
    await expect(create()).rejects.toMatchObject({
      kind: 'already-exists',
      message: expect.stringContaining('"w2"'),
    })
    expect(own.snapshots.size).toBe(0)
  })
})
