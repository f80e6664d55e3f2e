import { mkdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { readPool, usageOf, type PoolOnDisk } from '../../../../src/volumes/inspection/pool-on-disk.ts'
import { KnownPools } from '../../../../src/volumes/pool/files/pool-identity.ts'
import { createSnapshot } from '../../../../src/volumes/snapshots/snapshots.ts'
import { makeWorld, type World } from '../world.ts'

describe('a pool, read while a driver has it open', () => {
  let world: World
  let known: KnownPools

  beforeEach(async () => {
    world = await makeWorld()
    known = new KnownPools(join(world.directory, 'known-pools'))
    await known.remember('default', world.pool.id)
  })

  afterEach(() => world[Symbol.asyncDispose]())

  const read = (config = world.config): Promise<PoolOnDisk> => readPool(config, { ...world, known })
  const folder = (name: string): string => join(world.config.path, name)

  it('has the volumes and snapshots that the driver has', async () => {
    const volumes = [await world.create('a'), await world.create('b')]
    const signal = new AbortController().signal
    const snapshot = await createSnapshot(
      world.node,
      's',
      volumes[0]?.id ?? '',
      { freezeTimeoutMs: 1000 },
      signal,
    )
    const pool = await read()
    expect(pool).toMatchObject({ state: 'ready', problem: undefined })
    const byId = (a: { id: string }, b: { id: string }) => (a.id < b.id ? -1 : 1)
    expect(pool.volumes.records).toEqual(volumes.sort(byId))
    expect(pool.snapshots.records).toEqual([snapshot])
    // Others write to the same disk meanwhile.
    const freeBytes: unknown = expect.any(BigInt)
    expect(await usageOf(pool, world.files)).toEqual({ ...(await world.pool.space.usage()), freeBytes })
  })

  it('reports damaged records, and drafts with the volumes that may be frozen', async () => {
    const { id } = await world.create('a')
    await rm(world.pool.volumes.image(id))
    await mkdir(join(folder('snapshots'), '.s.new'))
    await writeFile(join(folder('snapshots'), '.s.new', 'frozen'), id)
    const { snapshots, volumes } = await read()
    expect(volumes.records).toEqual([])
    expect(volumes.damaged.get(id)).toMatchObject({ reason: 'ImageMissing' })
    expect(snapshots.unfinished).toEqual(new Map([['.s.new', [id]]]))
  })

  it.each<[string, (world: World) => object, PoolOnDisk['state'], string | undefined]>([
    ['absent', (world) => ({ name: 'x', path: join(world.directory, 'x') }), 'new', undefined],
    ['of others', (world) => ({ name: 'x', path: world.directory }), 'unreachable', 'failed-precondition'],
    ['gone', (world) => ({ path: join(world.directory, 'x') }), 'unreachable', 'unavailable'],
    ['of another pool', ({ otherConfig: { path } }) => ({ path }), 'unreachable', 'unavailable'],
    [
      'below an image that is not made yet',
      (world) => ({ name: 'x', path: join(world.directory, 'x'), image: { file: '/none', sizeBytes: 1n } }),
      'new',
      undefined,
    ],
    [
      'below an image that is gone',
      () => ({ image: { file: '/none', sizeBytes: 1n } }),
      'unreachable',
      'unavailable',
    ],
    [
      'below an image that is not mounted',
      () => ({ image: { file: import.meta.filename, sizeBytes: 1n } }),
      'unmounted',
      undefined,
    ],
  ])('is %s', async (_, config, state, kind) => {
    const found = await read({ ...world.config, ...config(world) })
    expect(found).toMatchObject({ state, volumes: { records: [] } })
    expect(found.problem?.kind).toBe(kind)
  })
})
