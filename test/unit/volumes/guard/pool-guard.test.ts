import { readdir, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals'
import { PoolGuard } from '../../../../src/volumes/guard/pool-guard.ts'
import { HeldFileSystems } from '../../../../src/volumes/machine/held-file-systems.ts'
import type { Volume } from '../../../../src/volumes/model/volume.ts'
import type { Pool } from '../../../../src/volumes/pool/pool.ts'
import { VolumeAccess } from '../../../../src/volumes/state/volume-access.ts'
import { FakeErrno } from '../../../fakes/errno.ts'
import { block, makeWorld, MiB, never, silent, type World } from '../world.ts'

const GiB = 1024n * MiB

describe('the guard of a pool', () => {
  let world: World
  let guard: PoolGuard
  let access: VolumeAccess
  let free: bigint
  let unwritten: bigint
  /** What the volumes may still take. */
  let untaken: bigint | undefined
  let pool: Pool | undefined

  beforeEach(async () => {
    world = await makeWorld()
    free = 10n * GiB
    unwritten = 0n
    untaken = 200n * GiB
    pool = world.pool
    Object.assign(world.pool, {
      disk: () => Promise.resolve({ totalBytes: 100n * GiB, freeBytes: free }),
      untaken: () => Promise.resolve(untaken),
    })
    const { node, files, loops, mounts, catalog } = world
    const held = new HeldFileSystems(silent)
    access = new VolumeAccess({ catalog, held, locks: node.locks, loops, mounts })
    const ports = { access, files, held, mounts, log: silent }
    guard = new PoolGuard({ ...ports, pool: () => pool, unwrittenBytes: () => unwritten })
    held.onRelease = (id) => {
      guard.suspect(id)
    }
  })

  afterEach(async () => {
    await guard.leave()
    await world[Symbol.asyncDispose]()
  })

  const look = () => guard.look(never)
  const frozen = () => [...world.mounts.frozen]
  const markers = async () =>
    (await readdir(join(world.directory, 'pool', 'volumes'))).filter((name) => name.startsWith('.'))

  async function used(
    name: string,
    parameters: Record<string, string> = {},
  ): Promise<{ volume: Volume; path: string }> {
    const volume = await world.create(name, undefined, parameters)
    const { device } = await world.use(volume)
    return { volume, path: device.path }
  }

  it('freezes the mounted volumes of a full pool, and thaws them when there is room', async () => {
    const { path } = await used('a')
    await world.create('unused')
    await look()
    expect(frozen()).toEqual([])
    free = 200n * MiB
    await look()
    expect(frozen()).toEqual([path])
    expect(world.pool.space.isFull).toBe(true)
    expect(await markers()).toHaveLength(1)
    free = 300n * MiB
    await look()
    expect(frozen()).toEqual([path])
    free = 320n * MiB
    await look()
    expect(frozen()).toEqual([])
    expect(world.pool.space.isFull).toBe(false)
    expect(await markers()).toEqual([])
  })

  it('counts what is in memory only, but not again what others have there', async () => {
    const { path } = await used('a')
    free = GiB
    unwritten = 2n * GiB
    await look()
    expect(frozen()).toEqual([path])
    expect(world.pool.space.isFull).toBe(false)
    await look()
    expect(frozen()).toEqual([])
    await look()
    expect(frozen()).toEqual([])
    unwritten += GiB
    await look()
    expect(frozen()).toEqual([path])
  })

  it('counts what volumes write when others have written theirs', async () => {
    const { path } = await used('a')
    free = GiB
    unwritten = 2n * GiB
    await look()
    await look()
    expect(frozen()).toEqual([])
    unwritten = 0n
    await look()
    unwritten = GiB
    await look()
    expect(frozen()).toEqual([path])
  })

  it('does not take for that of others what is of a volume that an operation uses', async () => {
    const [a, b] = [await used('a'), await used('b')]
    free = GiB
    unwritten = 2n * GiB
    await access.withLock(b.volume.id, never, look)
    expect(frozen()).toEqual([a.path])
    await look()
    expect(frozen()).toEqual([])
    await look()
    expect(frozen().sort()).toEqual([a.path, b.path])
  })

  it('freezes nothing while all volumes can be filled', async () => {
    const { path } = await used('a')
    free = 16n * MiB
    untaken = free
    expect(await look()).toBeLessThanOrEqual(500)
    expect(frozen()).toEqual([])
    untaken = undefined
    await look()
    expect(frozen()).toEqual([path])
  })

  it('leaves thick volumes and raw block volumes alone', async () => {
    await used('thick', { provisioning: 'thick' })
    await world.use(await world.create('raw', block))
    free = 0n
    await look()
    expect(frozen()).toEqual([])
  })

  it('lets an operation have the volume, and freezes it again', async () => {
    const { volume, path } = await used('a')
    free = 0n
    await look()
    await access.withLock(volume.id, never, async () => {
      expect(frozen()).toEqual([])
      await look()
      expect(frozen()).toEqual([])
    })
    await look()
    expect(frozen()).toEqual([path])
    await access.lookAt(volume.id, never, () => {
      expect(frozen()).toEqual([path])
      return Promise.resolve()
    })
  })

  it('freezes a volume that is mounted while the pool is full', async () => {
    free = 0n
    await look()
    const volume = await world.create('late')
    await access.withLock(volume.id, never, async () => {
      await world.use(volume)
    })
    await look()
    expect(frozen()).toHaveLength(1)
    expect(await markers()).toHaveLength(1)
  })

  it('thaws when the pool is not open any more, and freezes what the next one has', async () => {
    const { path } = await used('a')
    free = 0n
    await look()
    pool = undefined
    await look()
    expect(frozen()).toEqual([])
    pool = world.pool
    await look()
    expect(frozen()).toEqual([path])
  })

  it('goes on with the others when one cannot be frozen', async () => {
    const bad = await used('bad')
    const good = await used('good')
    world.mounts.onFreeze = (source) => {
      if (source === bad.path) throw new FakeErrno('EIO', 'freeze')
    }
    free = 0n
    await look()
    expect(frozen()).toEqual([good.path])
  })

  it('thaws what is frozen though another freeze does not return', async () => {
    const [a, b] = [await used('a'), await used('b')]
    const frozenB = Promise.withResolvers<undefined>()
    world.mounts.onFreeze = (source) => (source === b.path ? frozenB.promise : undefined)
    free = 0n
    const looking = look()
    while (!world.mounts.frozen.has(a.path)) await setImmediate()
    const leaving = guard.leave()
    while (world.mounts.frozen.has(a.path)) await setImmediate()
    frozenB.resolve(undefined)
    await Promise.all([looking, leaving])
    expect(frozen()).toEqual([])
  })

  it('freezes with the space of the ballast when the disk has none for the freeze marker', async () => {
    const { path } = await used('a')
    jest.spyOn(world.pool.volumes, 'begin').mockRejectedValueOnce(new FakeErrno('ENOSPC', 'mkdir'))
    free = 0n
    await look()
    expect(frozen()).toEqual([path])
    await guard.leave()
    expect((await stat(join(world.directory, 'pool', '.ballast'))).size).toBe(Number(MiB))
  })

  it('freezes a volume that another program had frozen, when that has thawed it', async () => {
    const { path } = await used('a')
    world.mounts.frozen.add(path)
    free = 0n
    await look()
    await look()
    expect(world.mounts.log.filter((line) => line.startsWith('thaw'))).toEqual([])
    world.mounts.frozen.delete(path)
    await look()
    expect(frozen()).toEqual([path])
  })

  /** Freezes of this device take until it is resolved. */
  function holdFreeze(path: string): PromiseWithResolvers<undefined> {
    const held = Promise.withResolvers<undefined>()
    world.mounts.onFreeze = (source) => (source === path ? held.promise : undefined)
    return held
  }

  describe('after five seconds', () => {
    let passed: number

    beforeEach(() => {
      passed = 0
      const now = performance.now.bind(performance)
      jest.spyOn(performance, 'now').mockImplementation(() => now() + passed)
    })

    afterEach(() => {
      jest.restoreAllMocks()
    })

    it('thaws one after another, and freezes again what has grown', async () => {
      const [a, b] = [await used('a'), await used('b')]
      free = 200n * MiB
      await look()
      await look()
      expect(frozen().sort()).toEqual([a.path, b.path])
      passed = 5001
      await look()
      expect(frozen()).toHaveLength(1)
      await look()
      expect(frozen()).toEqual([])
      world.mounts.usedBytes.set(a.path, 1n + MiB)
      world.mounts.usedBytes.set(b.path, MiB)
      await look()
      expect(frozen()).toEqual([a.path])
    })

    it('looks at what is thawed while another one is being frozen', async () => {
      const [a, b] = [await used('a'), await used('b')]
      free = 200n * MiB
      await look()
      passed = 5001
      await access.withLock(b.volume.id, never, look)
      expect(frozen()).toEqual([])
      const frozenB = holdFreeze(b.path)
      await look()
      world.mounts.usedBytes.set(a.path, 2n * MiB)
      await look()
      expect(frozen()).toEqual([a.path])
      frozenB.resolve(undefined)
      await look()
      expect(frozen().sort()).toEqual([a.path, b.path])
    })

    it('looks at what is thawed while another one is being frozen again', async () => {
      const [a, b] = [await used('a'), await used('b')]
      free = 200n * MiB
      await look()
      passed = 5001
      await look()
      await look()
      expect(frozen()).toEqual([])
      const frozenA = holdFreeze(a.path)
      world.mounts.usedBytes.set(a.path, 2n * MiB)
      await look()
      world.mounts.usedBytes.set(b.path, 2n * MiB)
      const looking = look()
      while (!world.mounts.frozen.has(b.path)) await setImmediate()
      expect(frozen()).toEqual([b.path])
      frozenA.resolve(undefined)
      await looking
      expect(frozen().sort()).toEqual([a.path, b.path])
    })

    it('lets those go on that have not grown, when others have taken half of the margin', async () => {
      const [a, b] = [await used('a'), await used('b')]
      free = 200n * MiB
      await look()
      passed = 5001
      expect(await look()).toBe(10)
      const grows = frozen()[0] === b.path ? a : b
      world.mounts.usedBytes.set(grows.path, 1n + MiB)
      free = 128n * MiB
      expect(await look()).toBe(100)
      expect(frozen().sort()).toEqual([a.path, b.path])
      await look()
      expect(frozen()).toEqual([grows.path])
      passed = 600_000
      await look()
      expect(frozen()).toEqual([grows.path])
    })

    it('thaws a volume that grows more and more seldom', async () => {
      const { path } = await used('a')
      free = 200n * MiB
      await look()
      const waits = []
      for (let times = 1; times <= 6; times++) {
        let waited = 0
        for (; frozen().length > 0; waited += 1000) {
          passed += 1000
          await look()
        }
        waits.push(waited / 1000)
        world.mounts.usedBytes.set(path, BigInt(times) * 2n * MiB)
        await look()
      }
      expect(waits).toEqual([5, 10, 20, 40, 80, 80])
    })

    it('lets go of a volume that cannot be measured any more', async () => {
      const a = await used('a')
      free = 200n * MiB
      await look()
      passed = 5001
      await look()
      expect(frozen()).toEqual([])
      await rm(world.catalog.image(a.volume))
      world.mounts.onFreeze = () => {
        throw new FakeErrno('EIO', 'freeze')
      }
      expect(await look()).toBe(100)
      expect(await look()).toBe(100)
      expect(frozen()).toEqual([])
    })

    it('freezes all again when less than a quarter of the margin is free, though none has grown', async () => {
      const [a, b] = [await used('a'), await used('b')]
      free = 200n * MiB
      await look()
      passed = 5001
      await look()
      await look()
      expect(frozen()).toEqual([])
      free = 64n * MiB
      await look()
      expect(frozen().sort()).toEqual([a.path, b.path])
      passed += 5001
      free = 65n * MiB
      await look()
      expect(frozen()).toHaveLength(1)
    })

    it('thaws none while less than a quarter of the margin is free', async () => {
      const { path } = await used('a')
      free = 64n * MiB
      await look()
      passed = 60_000
      await look()
      expect(frozen()).toEqual([path])
    })
  })

  it('looks again soon when little is left, and later when it cannot look', async () => {
    expect(await look()).toBeGreaterThan(4000)
    free = 300n * MiB
    expect(await look()).toBe(50)
    free = 0n
    expect(await look()).toBe(100)
    Object.assign(world.pool, { disk: () => Promise.reject(new Error('EIO')) })
    expect(await look()).toBe(5000)
  })
})
