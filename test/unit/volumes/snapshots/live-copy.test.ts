import { readFile, writeFile } from 'node:fs/promises'
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import type { Extent, WriteTrace } from '../../../../src/volumes/model/ports/image-copier.ts'
import type { LoopDevice } from '../../../../src/volumes/model/ports/loop-devices.ts'
import type { Volume } from '../../../../src/volumes/model/volume.ts'
import { deleteVolume } from '../../../../src/volumes/operations/delete.ts'
import { copyConsistently } from '../../../../src/volumes/snapshots/consistent-copy.ts'
import { makeWorld, MiB, never, type World } from '../world.ts'

const some: Extent[] = [{ offset: 0n, length: 1n * MiB }]
const much: Extent[] = [{ offset: 0n, length: 8n * MiB }]

describe('a copy of a volume whose writes are traced', () => {
  let world: World
  let volume: Volume
  let answers: (Extent[] | undefined)[]
  let traced: LoopDevice[]
  let ended: number
  let canTrace: boolean

  const trace: WriteTrace = {
    changes: () => Promise.resolve(answers.shift()),
    [Symbol.asyncDispose]: () => {
      ended++
      return Promise.resolve()
    },
  }

  beforeEach(async () => {
    answers = []
    traced = []
    ended = 0
    canTrace = true
    world = await makeWorld(undefined, {
      start: (device) => {
        traced.push(device)
        return canTrace ? Promise.resolve(trace) : Promise.reject(new Error('swept away'))
      },
      [Symbol.asyncDispose]: () => Promise.resolve(),
    })
    volume = await world.create('a')
  })

  afterEach(() => world[Symbol.asyncDispose]())

  /** @returns what the copier did */
  async function takeCopy(): Promise<string[]> {
    await using draft = await world.pool.snapshots.begin(volume.id)
    await copyConsistently(world.node, [{ volumeId: volume.id, draft, provisioning: 'thin' }], 60_000, never)
    return world.mounts.log.flatMap((line) => /^(share|copy|update\w*) /.exec(line)?.[1] ?? [])
  }

  it.each([
    ['little at once', [some, some], ['copy', 'updateWithin', 'updateWithin']],
    ['much, then little', [much, some, some], ['copy', ...Array<string>(3).fill('updateWithin')]],
    ['always much', [much, much, much, much, much], ['copy', ...Array<string>(5).fill('updateWithin')]],
    ['something unknown in the end', [some, undefined], ['copy', 'updateWithin', 'update']],
  ])('%s changed', async (_, told, done) => {
    await world.use(volume)
    answers = told
    expect(await takeCopy()).toEqual(done)
    expect(ended).toBe(1)
  })

  it.each([
    ['and then little changed', [undefined, some, some], ['update', 'updateWithin', 'updateWithin']],
    ['and again', [undefined, undefined, undefined], ['update', 'update']],
    [
      'after a pass',
      [much, undefined, some, some],
      ['updateWithin', 'update', 'updateWithin', 'updateWithin'],
    ],
  ])(
    'is compared as a whole and traced anew, before its writers wait, when something is unknown %s',
    async (_, told, done) => {
      await world.use(volume)
      answers = told
      expect(await takeCopy()).toEqual(['copy', ...done])
      expect(traced).toHaveLength(2)
      expect(ended).toBe(2)
      expect(world.mounts.log.findLastIndex((line) => line.startsWith('freeze'))).toBeGreaterThan(
        world.mounts.log.findIndex((line) => line.startsWith('update ')),
      )
    },
  )

  it('is compared as a whole at the end when the trace cannot be restarted', async () => {
    await world.use(volume)
    answers = [undefined]
    world.copier.hook = () => {
      canTrace = false
    }
    expect(await takeCopy()).toEqual(['copy', 'update'])
    expect(ended).toBe(1)
  })

  it('is not made of two successive volumes of one name', async () => {
    world.copier.hook = async (operation) => {
      if (operation !== 'copy') return
      world.copier.hook = undefined
      await deleteVolume(world.node, volume.id, never)
      expect((await world.create('a')).id).toBe(volume.id)
    }
    await expect(takeCopy()).rejects.toMatchObject({
      kind: 'aborted',
      message: expect.stringContaining('created again'),
    })
  })

  it('is not traced when it is not attached', async () => {
    expect(await takeCopy()).toEqual(['copy', 'update'])
    expect(traced).toEqual([])
  })

  it('is compared as a whole when it cannot be traced', async () => {
    await world.use(volume)
    canTrace = false
    expect(await takeCopy()).toEqual(['copy', 'update'])
  })

  it('is copied once, and not traced, where the blocks are shared', async () => {
    await world.use(volume)
    world.copier.shares = true
    expect(await takeCopy()).toEqual(['share'])
    expect(traced).toEqual([])
  })

  it.each([
    ['attached to another device', true],
    ['not attached any more', false],
  ])('is compared as a whole when it is %s in the end', async (_, isAttachedAgain) => {
    await world.use(volume)
    answers = [some, some]
    world.copier.hook = async (operation) => {
      if (operation !== 'updateWithin') return
      await world.mounts.unmount(`${world.directory}/mnt-a`)
      if (!isAttachedAgain) return
      const options = {
        name: 'x',
        readOnly: false,
        autoclear: false,
        directIo: 'auto',
        sectorBytes: 512,
      } as const
      await world.loops.attach(world.catalog.image(await world.create('b')), options, never)
      await world.loops.attach(world.catalog.image(volume), options, never)
    }
    expect(await takeCopy()).toEqual(['copy', 'updateWithin', 'update'])
  })

  it('ends the trace when copying fails', async () => {
    await world.use(volume)
    world.copier.hook = () => {
      throw new Error('no luck')
    }
    await expect(takeCopy()).rejects.toThrow('no luck')
    expect(ended).toBe(1)
  })
})

describe('a copy of an unused volume', () => {
  let world: World
  let volume: Volume
  let versions: (string | undefined)[]

  beforeEach(async () => {
    world = await makeWorld()
    volume = await world.create('a')
    versions = ['v1', 'v1']
    world.files.version = () => Promise.resolve(versions.shift())
    world.mounts.log.length = 0
  })

  afterEach(() => world[Symbol.asyncDispose]())

  /** @returns what the copier did, and the beginning of the copy */
  async function takeCopy(): Promise<{ done: string[]; content: string }> {
    await using draft = await world.pool.snapshots.begin(volume.id)
    await copyConsistently(world.node, [{ volumeId: volume.id, draft, provisioning: 'thin' }], 60_000, never)
    const done = world.mounts.log.flatMap((line) => /^(share|copy|update\w*) /.exec(line)?.[1] ?? [])
    return { done, content: (await readFile(draft.image, 'latin1')).slice(0, 4) }
  }

  /** Happens as soon as the first pass is over. */
  const afterCopying = (action: () => Promise<unknown>): void => {
    const copy = world.copier.copy.bind(world.copier)
    world.copier.copy = async (...parameters) => {
      await copy(...parameters)
      await action()
    }
  }

  it.each([true, false])('is made once; shared: %s', async (shares) => {
    world.copier.shares = shares
    expect(await takeCopy()).toMatchObject({ done: [shares ? 'share' : 'copy'] })
  })

  it.each([
    ['it was changed meanwhile', ['v1', 'v2']],
    ['it was changed just before the end', ['v1', undefined]],
    ['it was changed just before the beginning', [undefined, 'v1']],
  ])('is compared when %s', async (_, told) => {
    versions = told
    afterCopying(() => writeFile(world.catalog.image(volume), 'late', { flag: 'r+' }))
    expect(await takeCopy()).toEqual({ done: ['copy', 'update'], content: 'late' })
  })

  it('is compared when it is in use by then', async () => {
    afterCopying(() => world.use(volume))
    expect(await takeCopy()).toMatchObject({ done: ['copy', 'update'] })
  })

  it('is compared when it was in use at the beginning', async () => {
    const { mountPoint } = await world.use(volume)
    afterCopying(() => world.mounts.unmount(mountPoint))
    expect(await takeCopy()).toMatchObject({ done: ['copy', 'update'] })
  })
})
