import { readdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { createSnapshot, deleteSnapshot } from '../../../../src/volumes/snapshots/snapshots.ts'
import { Catalog } from '../../../../src/volumes/pool/catalog.ts'
import { groupSnapshotIdFor, snapshotIdFor, volumeIdFor } from '../../../../src/volumes/model/ids.ts'
import { Pool } from '../../../../src/volumes/pool/pool.ts'
import {
  createGroup,
  deleteGroup,
  findGroup,
  getGroup,
  removePartialGroups,
  type GroupSnapshot,
} from '../../../../src/volumes/snapshots/groups.ts'
import type { NodeContext } from '../../../../src/volumes/state/context.ts'
import type { Snapshot } from '../../../../src/volumes/model/snapshot.ts'
import type { Volume } from '../../../../src/volumes/model/volume.ts'
import { at } from '../../../support/at.ts'
import { makeWorld, never, nodeWith, silent, type World } from '../world.ts'

const parameters = { freezeTimeoutMs: 60_000 }
const id = groupSnapshotIdFor('n1', 'g')

describe('groups of snapshots', () => {
  let world: World
  let volumes: Volume[]
  let catalog: Catalog
  let node: NodeContext
  let pools: Pool[]

  beforeEach(async () => {
    world = await makeWorld()
    // Two in one pool and one in another.
    volumes = [
      await world.create('a'),
      await world.create('b'),
      await world.create('c', undefined, { pool: 'other' }),
    ]
    catalog = world.catalog
    node = world.node
    pools = [world.pool, world.other]
  })

  afterEach(async () => {
    for (const pool of pools) await pool[Symbol.asyncDispose]()
    await world[Symbol.asyncDispose]()
  })

  const create = (name = 'g', sources: readonly Volume[] = volumes): Promise<GroupSnapshot> =>
    createGroup(
      node,
      name,
      sources.map((volume) => volume.id),
      parameters,
      never,
    )

  const list = (): Snapshot[] => catalog.listSnapshots({ id: '', sourceVolumeId: '' }, '', 100)

  async function onDisk(): Promise<string[]> {
    const names = await Promise.all(
      ['pool', 'other'].map((pool) => readdir(join(world.directory, pool, 'snapshots'))),
    )
    return names.flat()
  }

  const directoryOf = (snapshot: Snapshot): string => join(catalog.snapshotImage(snapshot), '..')

  /** The next process. @param configs the pools that it has */
  async function restart(configs = [world.config, world.otherConfig]): Promise<void> {
    for (const pool of pools) await pool[Symbol.asyncDispose]()
    pools = []
    for (const config of configs) pools.push(await Pool.open(config, world.files, silent))
    catalog = new Catalog('n1', { open: pools, unreachable: new Map() })
    node = nodeWith(world, catalog)
    await removePartialGroups(node, never)
    for (const pool of pools) await pool.snapshots.settle()
  }

  it('creates a group once, in the order of the request, at one point in time', async () => {
    const group = await create()
    expect(group.snapshots.map(({ sourceVolumeId }) => sourceVolumeId)).toEqual(volumes.map((v) => v.id))
    expect(new Set(group.snapshots.map(({ pointInTime }) => pointInTime)).size).toBe(1)
    expect(group.snapshots.map(({ pool }) => pool)).toEqual(['default', 'default', 'other'])
    expect(await create()).toEqual(group)
    expect(await create('g', volumes.toReversed())).toEqual(group)
    expect(list()).toHaveLength(3)
  })

  it('creates one group for concurrent calls', async () => {
    const made = await Promise.all(Array.from({ length: 5 }, () => create()))
    expect(new Set(made.map((group) => group.snapshots[0])).size).toBe(1)
  })

  it.each([
    ['fewer', () => volumes.slice(1)],
    ['others', () => [at(volumes, 0), at(volumes, 1), at(volumes, 1)]],
  ])('has a name for one set of volumes only: not for %s', async (_, sources) => {
    await create()
    await expect(create('g', sources())).rejects.toMatchObject({ kind: 'already-exists' })
  })

  it('is not found with one source that does not exist', async () => {
    const gone = { ...at(volumes, 0), id: volumeIdFor('n1', 'gone') }
    await expect(create('g', [...volumes, gone])).rejects.toMatchObject({ kind: 'not-found' })
    expect(await onDisk()).toEqual([])
  })

  it('does not delete a single member', async () => {
    const { snapshots } = await create()
    await expect(deleteSnapshot(node, at(snapshots, 0).id, never)).rejects.toMatchObject({
      kind: 'invalid-argument',
    })
  })

  it.each([
    ['one too few', (ids: string[]) => ids.slice(1)],
    ['one too many', (ids: string[]) => [...ids, snapshotIdFor('n1', 'x')]],
    ['another one', (ids: string[]) => [...ids.slice(1), snapshotIdFor('n1', 'x')]],
    ['one of them twice', (ids: string[]) => [...ids.slice(1), at(ids, 1)]],
    ['none', () => []],
  ])('is neither told nor deleted with %s of its members', async (_, change) => {
    const { snapshots } = await create()
    const ids = change(snapshots.map((snapshot) => snapshot.id))
    expect(() => getGroup(node, id, ids)).toThrow(expect.objectContaining({ kind: 'invalid-argument' }))
    await expect(deleteGroup(node, id, ids, never)).rejects.toMatchObject({ kind: 'invalid-argument' })
    expect(list()).toHaveLength(3)
  })

  it('is returned and deleted with its members in any order, and then not found', async () => {
    const group = await create()
    const ids = group.snapshots.map((snapshot) => snapshot.id).reverse()
    expect(getGroup(node, id, ids)).toEqual(group)
    await deleteGroup(node, id, ids, never)
    await deleteGroup(node, id, ids, never)
    expect(() => getGroup(node, id, ids)).toThrow(expect.objectContaining({ kind: 'not-found' }))
    for (const pool of pools) await pool.snapshots.settle()
    expect(await onDisk()).toEqual([])
  })

  it.each([1, 2, 3])('does not exist when the commit of member %i fails', async (k) => {
    const stores = [world.pool, world.pool, world.other]
    const store = at(stores, k - 1).snapshots
    const commit = store.commit.bind(store)
    let commits = 0
    store.commit = async (draft, snapshot) => {
      commits++
      if (snapshot.sourceVolumeId === at(volumes, k - 1).id) throw new Error('no luck')
      await commit(draft, snapshot)
      expect(list()).toEqual([])
    }
    await expect(create()).rejects.toThrow('no luck')
    expect(commits).toBeGreaterThan(0)
    for (const pool of pools) await pool.snapshots.settle()
    expect(await onDisk()).toEqual([])
    store.commit = commit
    expect((await create()).snapshots).toHaveLength(3)
  })

  it('deletes all of its members or none, when its caller gives up', async () => {
    const { snapshots } = await create()
    const ids = snapshots.map((snapshot) => snapshot.id)
    const caller = new AbortController()
    // Somebody restores from the last one.
    const inUse = await world.node.locks.acquire(at(ids, 2), never)
    const deleted = deleteGroup(node, id, ids, caller.signal)
    await new Promise((resolve) => setImmediate(resolve))
    caller.abort(new Error('gone'))
    await expect(deleted).rejects.toThrow('gone')
    expect(getGroup(node, id, ids).snapshots).toEqual(snapshots)
    inUse[Symbol.dispose]()
    await deleteGroup(node, id, ids, never)
    expect(list()).toEqual([])
  })

  it('continues a deletion that failed half way', async () => {
    const { snapshots } = await create()
    const ids = snapshots.map((snapshot) => snapshot.id)
    world.other.snapshots.remove = () => Promise.reject(new Error('no luck'))
    await expect(deleteGroup(node, id, ids, never)).rejects.toThrow('no luck')
    expect(list()).toEqual([])
    Reflect.deleteProperty(world.other.snapshots, 'remove')
    await deleteGroup(node, id, ids, never)
    for (const pool of pools) await pool.snapshots.settle()
    expect(await onDisk()).toEqual([])
  })

  it('is created again where a deletion failed half way', async () => {
    const { snapshots } = await create()
    world.other.snapshots.remove = () => Promise.reject(new Error('no luck'))
    const ids = snapshots.map((snapshot) => snapshot.id)
    await expect(deleteGroup(node, id, ids, never)).rejects.toThrow('no luck')
    Reflect.deleteProperty(world.other.snapshots, 'remove')
    expect((await create()).snapshots.map((snapshot) => snapshot.id)).toEqual(ids)
  })

  describe('at the next start', () => {
    it('is found again, over all pools', async () => {
      const group = await create()
      await restart()
      expect(findGroup(node, id)).toEqual(group)
      expect(list()).toHaveLength(3)
    })

    it.each([0, 1, 2])('is swept when member %i is missing', async (index) => {
      const { snapshots } = await create()
      await rm(directoryOf(at(snapshots, index)), { recursive: true })
      await restart()
      expect(list()).toEqual([])
      expect(await onDisk()).toEqual([])
      expect((await create()).snapshots).toHaveLength(3)
    })

    it('is left alone by a sweep while it is made', async () => {
      const swept: number[] = []
      const commit = world.other.commitSnapshot.bind(world.other)
      world.other.commitSnapshot = async (...parameters) => {
        await removePartialGroups(node, never)
        swept.push(catalog.membersOfGroup(id).length)
        return commit(...parameters)
      }
      expect((await create()).snapshots).toHaveLength(3)
      expect(swept).toEqual([2])
    })

    it('keeps other snapshots when it sweeps', async () => {
      const single = await createSnapshot(node, 's', at(volumes, 0).id, parameters, never)
      const { snapshots } = await create()
      await rm(directoryOf(at(snapshots, 0)), { recursive: true })
      await restart()
      expect(list()).toEqual([single])
    })

    it('keeps the others usable when a member is damaged', async () => {
      const { snapshots } = await create()
      await writeFile(join(directoryOf(at(snapshots, 1)), 'snapshot.json'), '{')
      await restart()
      expect(
        list()
          .map((snapshot) => snapshot.id)
          .sort(),
      ).toEqual([at(snapshots, 0).id, at(snapshots, 2).id].sort())
      expect(catalog.getSnapshot(at(snapshots, 0).id)).toEqual(snapshots[0])
      const damaged = expect.objectContaining({
        kind: 'failed-precondition',
        message: expect.stringContaining(`snapshot "${at(snapshots, 1).id}"`),
      })
      const ids = snapshots.map((snapshot) => snapshot.id)
      expect(() => getGroup(node, id, ids)).toThrow(damaged)
      await expect(deleteGroup(node, id, ids, never)).rejects.toEqual(damaged)
      expect(list()).toHaveLength(2)
    })

    it('keeps its members when one of their pools is unreachable, and is complete when it is back', async () => {
      const group = await create()
      await restart([world.config])
      expect(
        list()
          .map((snapshot) => snapshot.id)
          .sort(),
      ).toEqual(
        group.snapshots
          .slice(0, 2)
          .map((snapshot) => snapshot.id)
          .sort(),
      )
      await restart()
      expect(findGroup(node, id)).toEqual(group)
    })
  })
})
