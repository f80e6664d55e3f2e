import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { LinuxImageFiles } from '../../../../src/linux/image-files.ts'
import { groupSnapshotIdFor, snapshotIdFor, volumeIdFor } from '../../../../src/volumes/ids.ts'
import { removeHalfGroups } from '../../../../src/volumes/pool/half-groups.ts'
import { Pool } from '../../../../src/volumes/pool/pool.ts'
import { never, noLimits, silent } from '../world.ts'

describe('groups of snapshots at start-up', () => {
  const files = new LinuxImageFiles()
  const members = [snapshotIdFor('n1', 'a'), snapshotIdFor('n1', 'b')] as const
  let directory: string
  let pools: [Pool, Pool]

  const openPool = (name: string) =>
    Pool.open({ name, path: join(directory, name), limits: noLimits }, files, silent)

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'csi-driver-loop-'))
    pools = [await openPool('a'), await openPool('b')]
  })

  afterEach(async () => {
    for (const pool of pools) await pool[Symbol.asyncDispose]()
    await rm(directory, { recursive: true })
  })

  const addTo = async (pool: Pool, id: (typeof members)[number]): Promise<void> => {
    await using draft = await pool.snapshots.begin(id)
    await files.create(draft.image, 4096n, false, never)
    await pool.snapshots.commit(draft, {
      id,
      name: id,
      pool: pool.name,
      sourceVolumeId: volumeIdFor('n1', id),
      sizeBytes: 4096n,
      cutAt: '2026-01-02T03:04:05.678Z',
      accessTypes: ['block'],
      fsType: 'ext4',
      group: { id: groupSnapshotIdFor('n1', 'g'), name: 'g', members: [...members] },
    })
  }
  const left = () => pools.map(({ snapshots }) => snapshots.size)

  it('stay when their members are in several pools', async () => {
    await addTo(pools[0], members[0])
    await addTo(pools[1], members[1])
    await removeHalfGroups(pools)
    expect(left()).toEqual([1, 1])
  })

  it('go when a member is missing', async () => {
    await addTo(pools[0], members[0])
    await removeHalfGroups(pools)
    expect(left()).toEqual([0, 0])
  })
})
