import { mkdir, readdir, rm, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals'
import type { LoopState } from '../../../../src/volumes/model/ports/loop-devices.ts'
import type { Volume } from '../../../../src/volumes/model/volume.ts'
import { Gate } from '../../../../src/volumes/pool/gate/gate.ts'
import { Pool } from '../../../../src/volumes/pool/pool.ts'
import { thawAfterCrash } from '../../../../src/volumes/snapshots/thaw.ts'
import { tool } from '../../../tool.ts'
import { makeWorld, never, silent, type World } from '../world.ts'

describe('thawAfterCrash', () => {
  let world: World
  let volume: Volume
  let mountPoint: string
  let pools: Pool[]

  beforeEach(async () => {
    world = await makeWorld()
    volume = await world.create('a')
    const use = await world.use(volume)
    mountPoint = use.mountPoint
    await (await world.mounts.openFileSystem(use.device))?.freeze()
    pools = [world.pool, world.other]
  })

  afterEach(async () => {
    for (const pool of pools) await pool[Symbol.asyncDispose]()
    await world[Symbol.asyncDispose]()
  })

  /** What a killed driver leaves, and the start of the next one. */
  async function startAfter(left: Record<string, string>): Promise<void> {
    for (const [path, text] of Object.entries(left)) {
      await mkdir(join(world.directory, path, '..'), { recursive: true })
      await writeFile(join(world.directory, path), text)
    }
    await restart()
  }

  async function restart(): Promise<void> {
    for (const pool of pools) await pool[Symbol.asyncDispose]()
    pools = []
    for (const config of [world.config, world.otherConfig])
      pools.push(await Pool.open(config, world.files, silent))
  }

  const thaw = (open = pools): Promise<number> => {
    const { locks, loops, mounts } = world.node
    return thawAfterCrash({ locks, loops, mounts, log: silent }, open, open.length === pools.length)
  }

  const gone = async (): Promise<void> => {
    for (const pool of pools) await Promise.all([pool.volumes.settle(), pool.snapshots.settle()])
    for (const folder of ['pool/volumes', 'pool/snapshots', 'other/volumes', 'other/snapshots']) {
      const names = await readdir(join(world.directory, folder))
      expect(names.filter((name) => name.startsWith('.'))).toEqual([])
    }
  }

  it.each([
    ['a snapshot', 'pool/snapshots/.s.new/frozen'],
    ['a clone in the same pool', 'pool/volumes/.v.new/frozen'],
    ['a clone in another pool', 'other/volumes/.v.new/frozen'],
    ['a start that died before it thawed', 'pool/snapshots/.u.deleted/frozen'],
  ])('thaws what was frozen for %s', async (_, path) => {
    await startAfter({ [path]: volume.id })
    expect(await thaw()).toBe(1)
    expect(world.mounts.log.filter((line) => line.startsWith('thaw'))).toEqual([`thaw ${mountPoint}`])
    expect([...world.mounts.frozen]).toEqual([])
    await gone()
  })

  it('waits with no file system for the thaw of another one', async () => {
    const other = await world.use(await world.create('b'))
    await (await world.mounts.openFileSystem(other.device))?.freeze()
    const ids = (await readdir(join(world.directory, 'pool/volumes'))).sort()
    await startAfter({ 'pool/snapshots/.s.new/frozen': ids.join('\n') })
    const both = Promise.withResolvers<undefined>()
    let begun = 0
    world.mounts.onThaw = () => {
      if (++begun === 2) both.resolve(undefined)
      return both.promise
    }
    expect(await thaw()).toBe(2)
  })

  it('keeps the freeze marker until it has thawed', async () => {
    await startAfter({ 'pool/snapshots/.s.new/frozen': volume.id })
    world.mounts.onThaw = () => Promise.reject(new Error('no luck'))
    await expect(thaw()).rejects.toThrow('no luck')
    await restart()
    world.mounts.onThaw = undefined
    await thaw()
    expect([...world.mounts.frozen]).toEqual([])
    await gone()
  })

  it('keeps the freeze marker of one that cannot be thawed, and thaws the others', async () => {
    const other = await world.create('b')
    const { device } = await world.use(other)
    await (await world.mounts.openFileSystem(device))?.freeze()
    await startAfter({ 'pool/snapshots/.s.new/frozen': `${volume.id}\n${other.id}` })
    world.mounts.onThaw = (source) => {
      if (source !== device.path) throw new Error('no luck')
    }
    await expect(thaw()).rejects.toThrow('no luck')
    expect(world.mounts.frozen.has(device.path)).toBe(false)
    expect(world.mounts.frozen.size).toBe(1)
    world.mounts.onThaw = undefined
    await restart()
    expect(await thaw()).toBe(1)
    await gone()
  })

  /** Opens the first pool again, with a gate that gives up soon. */
  async function reopenSlow(): Promise<Gate> {
    const [slow] = pools.splice(0, 1)
    await slow?.[Symbol.asyncDispose]()
    const gate = new Gate({ pool: 'default', path: world.config.path, patienceMs: 20, openingStallMs: 20 })
    pools.unshift(await Pool.open(world.config, world.files, silent, undefined, gate))
    return gate
  }

  it('gives up a thaw that does not return, and keeps its freeze marker', async () => {
    await startAfter({ 'pool/snapshots/.s.new/frozen': volume.id })
    const gate = await reopenSlow()
    const found = new Promise<void>((resolve) => {
      gate.watch(() => undefined, resolve)
    })
    const hung = Promise.withResolvers<undefined>()
    world.mounts.onThaw = () => hung.promise
    let isClosed = false
    world.mounts.onClose = () => (isClosed = true)
    await expect(thaw()).rejects.toMatchObject({ reason: 'PoolNotAnswering' })
    expect(pools[0]?.snapshots.frozen).toEqual([volume.id])
    world.mounts.onThaw = undefined
    // Another file system must not get its descriptor before it has returned.
    expect(isClosed).toBe(false)
    hung.resolve(undefined)
    await found
    expect(isClosed).toBe(true)
    await thaw()
    expect([...world.mounts.frozen]).toEqual([])
    await gone()
  })

  it.each([
    ['image', 'disk.img'],
    ['directory', ''],
  ])('thaws one whose %s is gone, by the name of its device', async (_, gone) => {
    await rm(join(world.config.path, 'volumes', volume.id, gone), { recursive: true })
    await startAfter({ 'other/snapshots/.s.new/frozen': volume.id })
    expect(await thaw()).toBe(1)
    expect([...world.mounts.frozen]).toEqual([])
    expect(pools.flatMap((pool) => pool.snapshots.frozen)).toEqual([])
  })

  it.each([
    ['a FIFO', (path: string) => tool('mkfifo', path)],
    ['a symbolic link', (path: string) => symlink('/dev/zero', path)],
    ['a directory', (path: string) => mkdir(path)],
    ['a file that is not UTF-8', (path: string) => writeFile(path, Buffer.from([0xff, 0xfe]))],
  ])('opens the pool though %s has the name of a freeze marker', async (_, make) => {
    const draft = join(world.directory, 'pool', 'snapshots', '.s.new')
    await mkdir(draft)
    await make(join(draft, 'frozen'))
    await startAfter({ 'pool/snapshots/.t.new/frozen': volume.id })
    expect(await thaw()).toBe(1)
    await gone()
  })

  it('thaws one that is no longer mounted', async () => {
    await world.mounts.unmount(mountPoint)
    world.loops.find = () => Promise.resolve({ device: { number: 0, path: '/dev/loop0' } } as LoopState)
    await startAfter({ 'pool/snapshots/.s.new/frozen': volume.id })
    expect(await thaw()).toBe(1)
    expect([...world.mounts.frozen]).toEqual([])
    await gone()
  })

  it('keeps the freeze marker while the pool of the volume is unreachable', async () => {
    await startAfter({ 'other/volumes/.v.new/frozen': volume.id })
    await thaw(pools.slice(1))
    expect(world.mounts.frozen.size).toBe(1)
    await thaw()
    expect([...world.mounts.frozen]).toEqual([])
    await gone()
  })

  it('gives up a search for the device that does not return', async () => {
    await startAfter({ 'pool/snapshots/.s.new/frozen': volume.id })
    const gate = await reopenSlow()
    const hung = Promise.withResolvers<undefined>()
    jest.spyOn(world.loops, 'find').mockImplementationOnce(() => gate.run(() => hung.promise))
    await expect(thaw()).rejects.toMatchObject({ reason: 'PoolNotAnswering' })
    expect(pools[0]?.snapshots.frozen).toEqual([volume.id])
    hung.resolve(undefined)
  })

  it("waits for the current holder of the volume's lock", async () => {
    await startAfter({ 'other/volumes/.v.new/frozen': volume.id })
    const lock = await world.node.locks.acquire(volume.id, never)
    const thawing = thaw()
    await setTimeout(50)
    expect(world.mounts.frozen.size).toBe(1)
    lock[Symbol.dispose]()
    await thawing
    expect([...world.mounts.frozen]).toEqual([])
  })

  it('does not wait for the lock without a limit, and keeps the freeze marker', async () => {
    await startAfter({ 'other/volumes/.v.new/frozen': volume.id })
    using _lock = await world.node.locks.acquire(volume.id, never)
    const limit = jest.spyOn(AbortSignal, 'timeout').mockReturnValue(AbortSignal.abort(new Error('too long')))
    await expect(
      thaw().finally(() => {
        limit.mockRestore()
      }),
    ).rejects.toThrow(/volume ".*" is in use by another call/)
    expect(pools[1]?.volumes.frozen).toEqual([volume.id])
  })

  it('leaves alone a freeze of another program', async () => {
    await startAfter({ 'pool/snapshots/.s.new/disk.img': '' })
    expect(await thaw()).toBe(0)
    expect(world.mounts.frozen.size).toBe(1)
    await gone()
  })

  it('accepts volumes that are not mounted, not attached, or deleted', async () => {
    const ids = ['other', (await world.create('b')).id]
    await startAfter({ 'pool/snapshots/.s.new/frozen': ids.join('\n') })
    await thaw()
    await gone()
  })
})
