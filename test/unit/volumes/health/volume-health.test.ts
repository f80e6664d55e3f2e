import { rm, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { Catalog } from '../../../../src/volumes/pool/catalog.ts'
import { VolumeHealth } from '../../../../src/volumes/health/volume-health.ts'
import { Pool } from '../../../../src/volumes/pool/pool.ts'
import { PoolUnreachableError } from '../../../../src/volumes/pool/gate/unreachable.ts'
import type { Volume } from '../../../../src/volumes/model/volume.ts'
import { MiB, makeWorld, never, nodeWith, silent, type World } from '../world.ts'

describe('VolumeHealth', () => {
  let world: World
  let health: VolumeHealth
  let volume: Volume

  beforeEach(async () => {
    world = await makeWorld()
    health = new VolumeHealth(world.node)
    volume = await world.create('data')
  })

  afterEach(() => world[Symbol.asyncDispose]())

  const image = () => world.catalog.image(volume)
  const summary = async () =>
    (await health.onDisk(volume.id)).map(({ status, reason }) => `${status} ${reason}`)

  it('finds no problem of a healthy volume', async () => {
    expect(await summary()).toEqual([])
  })

  it('says that the pool is full, however long its volumes take to be measured', async () => {
    world.pool.space.isFull = true
    Object.assign(world.pool.space, { usage: () => new Promise(() => undefined) })
    expect(await summary()).toEqual(['degraded PoolFull'])
  })

  it.each<[string, () => Promise<unknown>, string]>([
    ['image is missing', () => rm(image()), 'data-loss ImageMissing'],
    ['image has lost its end', () => truncate(image(), Number(MiB)), 'data-loss ImageShrunk'],
    ['pool is gone', () => rm(join(world.pool.path, 'pool.json')), 'inaccessible PoolNotMounted'],
    [
      'pool is another one',
      () =>
        writeFile(
          join(world.pool.path, 'pool.json'),
          '{"schemaVersion": 1, "id": "00000000-0000-4000-8000-000000000000"}',
        ),
      'inaccessible PoolReplaced',
    ],
  ])('notices at once that its %s', async (_, harm, expected) => {
    await harm()
    expect(await summary()).toEqual([expected])
    expect(await health.ofMany([volume.id])).toEqual(new Map([[volume.id, await health.onDisk(volume.id)]]))
  })

  it.each<[string, () => Promise<unknown>, string]>([
    ['image is missing', () => rm(image()), 'data-loss ImageMissing'],
    ['image has lost its end', () => truncate(image(), Number(MiB)), 'data-loss ImageShrunk'],
    [
      'record is damaged',
      () => writeFile(join(image(), '../volume.json'), '{'),
      'inaccessible VolumeDamaged',
    ],
  ])('says so after a restart too when its %s', async (_, harm, expected) => {
    await harm()
    await world.pool[Symbol.asyncDispose]()
    await using pool = await Pool.open(world.config, world.files, silent)
    const catalog = new Catalog('n1', { open: [pool], unreachable: new Map() })
    const [issue] = await new VolumeHealth(nodeWith(world, catalog)).onDisk(volume.id)
    expect(`${issue?.status} ${issue?.reason}`).toBe(expected)
    expect(catalog.listIds('', 10)).toEqual([{ id: volume.id }])
  })

  describe('in a pool that is nearly full', () => {
    beforeEach(() => {
      const bytes = { total: 100n * MiB, used: 97n * MiB, available: 3n * MiB }
      world.files.usage = () => Promise.resolve({ bytes, inodes: bytes })
      world.files.size = () => Promise.resolve({ logical: 16n * MiB, allocated: 97n * MiB })
      world.pool.space.changed()
    })

    it('is degraded when it is thin, along with its other problems', async () => {
      expect(await summary()).toEqual(['degraded PoolNearlyFull'])
      world.files.size = () => Promise.resolve({ logical: MiB, allocated: 97n * MiB })
      expect(await summary()).toEqual(['degraded PoolNearlyFull', 'data-loss ImageShrunk'])
    })

    it('has no problem when it is thick', async () => {
      await world.pool.volumes.update({ ...volume, provisioning: 'thick' })
      expect(await summary()).toEqual([])
    })
  })

  it('does not treat a volume as absent while a pool is unreachable', async () => {
    const unreachable = new Map([['fast', new PoolUnreachableError('PoolNotMounted', 'not there')]])
    const catalog = new Catalog('n1', { open: [], unreachable })
    const lost = new VolumeHealth(nodeWith(world, catalog))
    expect(await lost.onDisk(volume.id)).toMatchObject([
      { status: 'inaccessible', reason: 'PoolUnreachable', message: expect.stringMatching(/not there/) },
    ])
    await expect(lost.onDisk('fake')).rejects.toMatchObject({ kind: 'not-found' })
  })

  it('finds no volume that never existed', async () => {
    await expect(health.onDisk('fake')).rejects.toMatchObject({ kind: 'not-found' })
    const places = { stagingPath: undefined, publishPath: undefined }
    await expect(health.onNode('fake', places, never)).rejects.toMatchObject({ kind: 'not-found' })
  })
})
