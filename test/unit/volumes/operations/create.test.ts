import { mkdir, readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { createVolume } from '../../../../src/volumes/operations/create.ts'
import { deleteVolume } from '../../../../src/volumes/operations/delete.ts'
import { expandVolume } from '../../../../src/volumes/operations/expand.ts'
import { parseParameters } from '../../../../src/volumes/model/parameters.ts'
import { Pool } from '../../../../src/volumes/pool/pool.ts'
import { MiB, block, makeWorld, never, noLimits, silent, writer, type World } from '../world.ts'

const range = (requiredBytes: bigint, limitBytes = 0n) => ({ requiredBytes, limitBytes })

describe('volumes', () => {
  let world: World

  beforeEach(async () => {
    world = await makeWorld({ ...noLimits, sizeBytes: 100n * MiB, overcommit: 1 })
  })

  afterEach(() => world[Symbol.asyncDispose]())

  const reopen = async () => {
    await world.pool[Symbol.asyncDispose]()
    return Pool.open(world.config, world.files, silent)
  }

  it('creates a volume once, also in repeated calls', async () => {
    const first = await world.create('pvc-1')
    expect(await world.create('pvc-1')).toEqual(first)
    expect(await readdir(join(world.config.path, 'volumes'))).toEqual([first.id])
  })

  it('creates one volume for concurrent calls', async () => {
    const volumes = await Promise.all(Array.from({ length: 10 }, () => world.create('pvc-1')))
    expect(new Set(volumes.map(({ id }) => id)).size).toBe(1)
    expect(world.pool.volumes.size).toBe(1)
  })

  it.each([
    ['a larger size', { range: range(32n * MiB) }, 'not within'],
    ['a smaller limit', { range: range(0n, 8n * MiB) }, 'not within'],
    ['another access type', { accesses: [block] }, 'accessTypes'],
    [
      'another file system',
      { accesses: [{ ...writer, fsType: 'btrfs' as const }], range: range(16n * MiB, 1n << 40n) },
      'fsType',
    ],
    ['another provisioning', { parameters: parseParameters({ provisioning: 'thick' }) }, 'provisioning'],
    ['other mkfs options', { parameters: parseParameters({ mkfsOptions: '-m 5' }) }, 'mkfsOptions'],
  ])('refuses the same name with %s', async (_name, change, words) => {
    await world.create('pvc-1')
    const request = {
      name: 'pvc-1',
      source: undefined,
      range: range(8n * MiB),
      accesses: [writer],
      parameters: parseParameters({}),
      ...change,
    }
    await expect(createVolume(world.node, request, never)).rejects.toMatchObject({ kind: 'already-exists' })
    await expect(createVolume(world.node, request, never)).rejects.toThrow(words)
  })

  it('is found again by the next process, by the same id', async () => {
    const volume = await world.create('pvc-1')
    await using pool = await reopen()
    expect(pool.volumes.values()).toEqual([volume])
    expect(await pool.space.available('thin')).toBe(84n * MiB)
  })

  it('provisions no byte twice', async () => {
    const results = await Promise.allSettled(Array.from({ length: 10 }, (_, i) => world.create(`pvc-${i}`)))
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(6)
    await expect(world.create('one-more')).rejects.toMatchObject({ kind: 'resource-exhausted' })
    await deleteVolume(world.node, world.pool.volumes.values()[0]?.id ?? '', never)
    await world.create('one-more')
  })

  it('grows, and lets a user who asked for too much ask for less', async () => {
    const { id } = await world.create('pvc-1')
    await expect(expandVolume(world.node, id, range(101n * MiB), never)).rejects.toMatchObject({
      kind: 'out-of-range',
    })
    expect(await expandVolume(world.node, id, range(50n * MiB), never)).toMatchObject({
      capacityBytes: 50n * MiB,
    })
    expect(await expandVolume(world.node, id, range(20n * MiB), never)).toMatchObject({
      capacityBytes: 50n * MiB,
    })
    await expect(expandVolume(world.node, id, range(0n, 20n * MiB), never)).rejects.toMatchObject({
      kind: 'out-of-range',
    })
    await using pool = await reopen()
    expect(pool.volumes.get(id)).toMatchObject({ capacityBytes: 50n * MiB })
  })

  it('does not delete an attached volume', async () => {
    const volume = await world.create('pvc-1')
    await using lock = await world.files.lock(world.catalog.image(volume))
    expect(lock).toBeDefined()
    await expect(deleteVolume(world.node, volume.id, never)).rejects.toThrow('in use')
    expect(world.catalog.find(volume.id)).toBeDefined()
  })

  it.each(['', 'unknown', '../..', `${'0'.repeat(8)}-${'0'.repeat(32)}`])(
    'deletes nothing for %j',
    async (id) => {
      await expect(deleteVolume(world.node, id, never)).resolves.toBeUndefined()
    },
  )

  it('does not delete an attached volume without image, and detaches it when it is no longer open', async () => {
    const volume = await world.create('a', block)
    const { device } = await world.use(volume)
    world.loops.hold(device)
    await rm(world.catalog.image(volume))
    await expect(deleteVolume(world.node, volume.id, never)).rejects.toMatchObject({
      kind: 'failed-precondition',
    })
    expect(world.catalog.find(volume.id)).toBeDefined()
    world.loops.release(device)
    await deleteVolume(world.node, volume.id, never)
    expect(world.catalog.find(volume.id)).toBeUndefined()
    expect(await world.loops.findNamed(volume.id)).toEqual([])
  })

  it('leaves nothing of an unfinished volume', async () => {
    await expect(
      createVolume(
        world.node,
        {
          name: 'x',
          source: undefined,
          range: range(16n * MiB),
          accesses: [writer],
          parameters: parseParameters({ provisioning: 'thick' }),
        },
        AbortSignal.abort(new Error('gone')),
      ),
    ).rejects.toThrow('gone')
    expect(await readdir(join(world.config.path, 'volumes'))).toEqual([])
    expect(await world.pool.space.available('thin')).toBe(100n * MiB)
  })

  it('sweeps what a killed process left', async () => {
    const volumes = join(world.config.path, 'volumes')
    await mkdir(join(volumes, '.half.new'))
    await mkdir(join(volumes, '.gone.deleted'))
    const pool = await reopen()
    await pool[Symbol.asyncDispose]()
    expect(await readdir(volumes)).toEqual([])
  })

  it('is deleted although a copy that checks its device holds its lock for a moment', async () => {
    const { id } = await world.create('pvc-1')
    const lock = world.files.lock.bind(world.files)
    let busy = 2
    world.files.lock = (path) => (busy-- > 0 ? Promise.resolve(undefined) : lock(path))
    await deleteVolume(world.node, id, never)
    expect(world.catalog.find(id)).toBeUndefined()
  })

  it('is the only one on its pool', async () => {
    await expect(Pool.open(world.config, world.files, silent)).rejects.toThrow('in use by another driver')
  })
})
