import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { deleteVolume } from '../../../../src/volumes/operations/delete.ts'
import { copyConsistently, type CopySource } from '../../../../src/volumes/snapshots/consistent-copy.ts'
import type { Draft } from '../../../../src/volumes/pool/records/draft.ts'
import type { Provisioning, Volume } from '../../../../src/volumes/model/volume.ts'
import type { CopierHook } from '../../../fakes/image-copier.ts'
import { at } from '../../../support/at.ts'
import { block, makeWorld, never, type World } from '../world.ts'

const SHORT_MS = 20
const LONG_MS = 60_000

describe('copyConsistently', () => {
  let world: World
  let drafts: AsyncDisposableStack

  beforeEach(async () => {
    world = await makeWorld()
    drafts = new AsyncDisposableStack()
  })

  afterEach(async () => {
    await drafts.disposeAsync()
    await world[Symbol.asyncDispose]()
  })

  const draft = async (volume: Volume): Promise<Draft> =>
    drafts.use(await world.pool.snapshots.begin(volume.id))

  /** @returns the drafts' images */
  async function takeCopy(
    volumes: readonly Volume[],
    {
      freezeTimeoutMs = LONG_MS,
      signal = never,
      provisioning = 'thin',
    }: { freezeTimeoutMs?: number; signal?: AbortSignal; provisioning?: Provisioning } = {},
  ): Promise<string[]> {
    world.mounts.log.length = 0
    const sources: CopySource[] = []
    for (const volume of volumes)
      sources.push({ volumeId: volume.id, draft: await draft(volume), provisioning })
    await copyConsistently(world.node, sources, freezeTimeoutMs, signal)
    return sources.map((source) => source.draft.image)
  }

  /** The log with names in the place of paths. */
  function events(volumes: readonly Volume[]): string[] {
    const named = (line: string): string =>
      volumes.reduce(
        (text, volume) =>
          text
            .replace(world.catalog.image(volume), volume.name)
            .replace(`${world.directory}/mnt-${volume.name}`, volume.name),
        line,
      )
    return world.mounts.log.map(named)
  }

  async function inUse(...names: string[]): Promise<Volume[]> {
    const volumes = []
    for (const name of names) {
      volumes.push(await world.create(name))
      await world.use(at(volumes, -1))
    }
    return volumes
  }

  const freezes = () => world.observer.steps.filter((step) => step === 'freeze')

  it('copies all, freezes all, copies the changes of all, then thaws all', async () => {
    const volumes = await inUse('a', 'b', 'c')
    await takeCopy(volumes)
    expect(events(volumes)).toEqual([
      ...['copy a', 'copy b', 'copy c'],
      ...['flush a', 'flush b', 'flush c'],
      ...['freeze a', 'freeze b', 'freeze c'],
      ...['update a', 'update b', 'update c'],
      ...['thaw a', 'thaw b', 'thaw c'],
    ])
    expect(freezes()).toEqual(['freeze'])
  })

  it('has what was written while it copied', async () => {
    const volumes = await inUse('a')
    world.copier.hook = (operation, source) =>
      operation === 'copy' ? undefined : writeFile(source, 'written late', { flag: 'r+' })
    const [image = ''] = await takeCopy(volumes)
    expect((await readFile(image, 'latin1')).startsWith('written late')).toBe(true)
  })

  it('keeps other calls of a volume waiting while it is flushed, as they would find it in use', async () => {
    const [volume] = await inUse('a')
    const id = volume?.id ?? ''
    const flushing = Promise.withResolvers<undefined>()
    const flushed = Promise.withResolvers<undefined>()
    world.mounts.onFlush = async () => {
      flushing.resolve(undefined)
      await flushed.promise
    }
    const copying = takeCopy(volume ? [volume] : [])
    await flushing.promise
    let hasLock = false
    const locked = world.node.access.withLock(id, never, () => {
      hasLock = true
      return Promise.resolve()
    })
    await world.create('other')
    expect(hasLock).toBe(false)
    flushed.resolve(undefined)
    await Promise.all([copying, locked])
    expect(hasLock).toBe(true)
  })

  it('leaves turns for other calls of a pool whose flushes hang, and ends waiting copies with their signal', async () => {
    const names = Array.from({ length: 20 }, (_, number) => `v${number}`)
    const volumes = await inUse(...names)
    const hung = Promise.withResolvers<undefined>()
    const sixth = Promise.withResolvers<undefined>()
    let flushes = 0
    world.mounts.onFlush = async () => {
      if (++flushes === 6) sixth.resolve(undefined)
      await hung.promise
    }
    const stopped = new AbortController()
    const copies = Promise.allSettled(volumes.map((volume) => takeCopy([volume], { signal: stopped.signal })))
    // The pool has 12 turns, of which flushes get half.
    await sixth.promise
    await world.create('same pool')
    await world.create('other pool', undefined, { pool: 'other' })
    expect(flushes).toBe(6)
    const reason = new Error('stopped')
    stopped.abort(reason)
    hung.resolve(undefined)
    expect(await copies).toEqual(volumes.map(() => ({ status: 'rejected', reason })))
    expect(flushes).toBe(6)
    expect(world.mounts.frozen.size).toBe(0)
  })

  it('copies a group that is larger than the pool has turns', async () => {
    const volumes = await inUse(...Array.from({ length: 32 }, (_, number) => `v${number}`))
    await takeCopy(volumes)
    const groups = ['flush', 'freeze', 'update', 'thaw'].flatMap((event) =>
      volumes.map(({ name }) => `${event} ${name}`),
    )
    expect(events([...volumes].reverse()).slice(volumes.length)).toEqual(groups)
  })

  it('freezes only mounted volumes', async () => {
    const volume = await world.create('a')
    await takeCopy([volume])
    expect(events([volume])).toEqual(['copy a', 'update a'])
    expect(freezes()).toEqual([])
  })

  it('does not freeze through a published device node of a volume with both access types', async () => {
    const volume = await world.create('a')
    await world.pool.volumes.update({ ...volume, accessTypes: ['block', 'mount'] })
    const { device } = await world.use({ ...volume, accessTypes: ['block'] })
    const target = join(world.directory, 'published')
    await writeFile(target, '')
    await world.mounts.bind(device.path, target, { readOnly: false })
    await takeCopy([volume])
    expect(events([volume])).toEqual(['copy a', 'update a'])
  })

  it('locks the volumes from the freeze on, and not while it copies', async () => {
    const volumes = await inUse('a', 'b')
    const waiting: string[] = []
    world.copier.hook = async (operation, source) => {
      for (const volume of volumes) {
        const soon = AbortSignal.timeout(SHORT_MS)
        await world.node.locks.acquire(volume.id, soon).then(
          (lock) => {
            lock[Symbol.dispose]()
          },
          () => waiting.push(`${operation} of ${source === world.catalog.image(volume) ? 'it' : 'another'}`),
        )
      }
    }
    await takeCopy(volumes)
    expect(waiting).toEqual(['update of it', 'update of another', 'update of another', 'update of it'])
  })

  const failure = new Error('no luck')
  const failAt =
    (operation: string, which: string): CopierHook =>
    (begun, source) => {
      if (begun === operation && source.includes(which)) throw failure
    }

  it.each([
    ['a copy', 'copy'],
    ['catching up', 'update'],
  ])('leaves nothing frozen or locked when %s fails', async (_, operation) => {
    const volumes = await inUse('a', 'b')
    world.copier.hook = failAt(operation, at(volumes, 1).id)
    await expect(takeCopy(volumes)).rejects.toBe(failure)
    await expectFree(volumes)
    const wasFrozen = operation === 'update'
    expect(events(volumes).includes('freeze b')).toBe(wasFrozen)
  })

  it('thaws those that were frozen when another one cannot be', async () => {
    const volumes = await inUse('a', 'b')
    const source = (await world.mounts.at(`${world.directory}/mnt-b`))?.source ?? ''
    world.mounts.frozen.add(source)
    await expect(takeCopy(volumes)).rejects.toMatchObject({
      kind: 'aborted',
      message: expect.stringContaining(`volume "${at(volumes, 1).id}" is frozen by another program`),
    })
    expect(events(volumes)).toContain('thaw a')
    expect([...world.mounts.frozen]).toEqual([source])
  })

  it('thaws when it is cancelled, and throws the reason', async () => {
    const volumes = await inUse('a')
    const caller = new AbortController()
    world.copier.hook = (operation, _source, signal) => {
      if (operation === 'copy') return
      caller.abort(new Error('deleted meanwhile'))
      expect(signal.aborted).toBe(true)
    }
    await expect(takeCopy(volumes, { signal: caller.signal })).rejects.toThrow('deleted meanwhile')
    await expectFree(volumes)
  })

  it('thaws after the timeout, and fails', async () => {
    const volumes = await inUse('a')
    world.copier.hook = (operation, _source, signal) =>
      // It may be over before.
      operation === 'copy' || signal.aborted
        ? undefined
        : new Promise((resolve) => (signal.onabort = resolve))
    await expect(takeCopy(volumes, { freezeTimeoutMs: SHORT_MS })).rejects.toMatchObject({
      kind: 'aborted',
      message: expect.stringMatching(/^freezeTimeout: .*within 20 ms/),
    })
    await expectFree(volumes)
  })

  it('does not include the time of copying', async () => {
    const volumes = await inUse('a')
    world.copier.hook = (operation) =>
      operation === 'copy' ? new Promise((resolve) => setTimeout(resolve, 2 * SHORT_MS)) : undefined
    await takeCopy(volumes, { freezeTimeoutMs: 1000 * SHORT_MS })
  })

  it.each([0, 1])('leaves a freeze marker with each copy during the freeze: copy %i', async (copy) => {
    const volumes = await inUse('a', 'b')
    const marker = `${world.config.path}/snapshots/.${at(volumes, copy).id}.new/frozen`
    const read: string[] = []
    world.copier.hook = async (operation) => {
      read.push(`${operation}: ${await readFile(marker, 'utf8').catch(() => 'none')}`)
    }
    await takeCopy(volumes)
    const ids = volumes.map(({ id }) => id).join('\n')
    expect(read).toEqual(['copy: none', 'copy: none', `update: ${ids}`, `update: ${ids}`])
  })

  it.each(['a', 'b'])('is not found when it was deleted while %s was copied', async (name) => {
    const volumes = [await world.create('a'), await world.create('b')]
    world.copier.hook = async (operation, source) => {
      const isTime = operation === 'copy' && source === world.catalog.image(at(volumes, name === 'a' ? 0 : 1))
      if (isTime) await deleteVolume(world.node, at(volumes, 0).id, never)
    }
    await expect(takeCopy(volumes)).rejects.toMatchObject({ kind: 'not-found' })
  })

  describe('of raw block volumes in use', () => {
    let volumes: Volume[]
    let devices: { number: number; path: string }[]

    beforeEach(async () => {
      volumes = [await world.create('a', block), await world.create('b', block)]
      devices = []
      for (const volume of volumes) devices.push((await world.use(volume)).device)
    })

    /** A writer to the device of volume `a` that pauses after so many passes. */
    const writeDuring = (passes: number): void => {
      world.copier.hook = (operation) => {
        if (operation !== 'copy' && passes-- > 0) world.loops.write(at(devices, 0))
      }
    }
    const updates = (): number => world.mounts.log.filter((line) => line.startsWith('update')).length

    it('compares until there was a pass without writes', async () => {
      writeDuring(3)
      await takeCopy([at(volumes, 0)])
      expect(updates()).toBe(4)
      expect(world.mounts.log.some((line) => line.startsWith('freeze'))).toBe(false)
    })

    it('fails when there is none', async () => {
      writeDuring(Infinity)
      await expect(takeCopy([at(volumes, 0)])).rejects.toMatchObject({
        kind: 'aborted',
        message: expect.stringContaining('is written all the time'),
      })
      await expectFree(volumes)
    })

    it('needs none for a single volume that shares blocks', async () => {
      world.copier.shares = true
      world.copier.hook = () => {
        world.loops.write(at(devices, 0))
      }
      await takeCopy([at(volumes, 0)])
      expect(updates()).toBe(0)
    })

    it('shares no blocks with a copy that will be thick', async () => {
      world.copier.shares = true
      await takeCopy([at(volumes, 0)], { provisioning: 'thick' })
      expect(events(volumes)).toEqual(['copy a', 'update a'])
    })

    it('shares no blocks of a thick one', async () => {
      world.copier.shares = true
      await world.pool.volumes.update({ ...at(volumes, 0), provisioning: 'thick' })
      await takeCopy([at(volumes, 0)])
      expect(events(volumes)).toEqual(['copy a', 'update a'])
    })

    it('is aborted when it becomes thick before its blocks are shared', async () => {
      world.copier.shares = true
      const [a, b] = [at(volumes, 0), at(volumes, 1)]
      await world.pool.volumes.update({ ...b, provisioning: 'thick' })
      world.copier.hook = async (operation) => {
        if (operation === 'copy') await world.pool.volumes.update({ ...a, provisioning: 'thick' })
      }
      await expect(takeCopy([a, b])).rejects.toMatchObject({
        kind: 'aborted',
        message: expect.stringContaining('was made thick while it was copied'),
      })
    })

    it('requires no writes to any raw block volume of a group, shared or not', async () => {
      world.copier.shares = true
      // While the second one is copied, the first one is written: the two are of two points in time.
      const writeBetween = (passes: number): void => {
        world.copier.hook = (_operation, source) => {
          if (source.includes(at(volumes, 1).id) && passes-- > 0) world.loops.write(at(devices, 0))
        }
      }
      writeBetween(Infinity)
      await expect(takeCopy(volumes)).rejects.toMatchObject({ kind: 'aborted' })
      writeBetween(1)
      await takeCopy(volumes)
      expect(events(volumes).filter((line) => line.startsWith('share'))).toHaveLength(4)
    })
  })

  async function expectFree(volumes: readonly Volume[]): Promise<void> {
    expect([...world.mounts.frozen]).toEqual([])
    for (const { id } of volumes) {
      using lock = await world.node.locks.acquire(id, AbortSignal.timeout(1000))
      expect(lock).toBeDefined()
    }
  }
})
