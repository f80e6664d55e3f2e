import { mkdir, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { modifyVolume } from '../../../../src/volumes/operations/modify.ts'
import { stageVolume, unstageVolume } from '../../../../src/volumes/operations/stage.ts'
import { volumeIdFor } from '../../../../src/volumes/model/ids.ts'
import type { VolumeAttributes } from '../../../../src/volumes/model/attributes.ts'
import type { Volume } from '../../../../src/volumes/model/volume.ts'
import { FakeErrno } from '../../../fakes/errno.ts'
import { MiB, block, makeWorld, never, noLimits, writer, type World } from '../world.ts'

describe('modifyVolume', () => {
  let world: World
  let volume: Volume

  beforeEach(async () => {
    world = await makeWorld()
    volume = await world.create('a')
  })

  afterEach(() => world[Symbol.asyncDispose]())

  const modify = (changes: Partial<VolumeAttributes>, signal = never): Promise<void> =>
    modifyVolume(world.node, volume.id, changes, signal)

  const allocated = async (): Promise<bigint> =>
    (await world.files.size(world.catalog.image(volume))).allocated
  const directIo = async (): Promise<boolean | undefined> =>
    (await world.loops.find(world.catalog.image(volume)))?.directIo

  it.each<Partial<VolumeAttributes>>([
    {},
    { discard: 'periodic' },
    { directIo: 'off' },
    { provisioning: 'thick' },
    { provisioning: 'thick', directIo: 'on', discard: 'none' },
  ])('changes what is asked for, and nothing else: %j', async (changes) => {
    await modify(changes)
    await modify(changes)
    expect(world.catalog.get(volume.id)).toEqual({ ...volume, ...changes })
  })

  it('finds nothing that does not exist', async () => {
    const id = volumeIdFor('n1', 'x')
    await expect(modifyVolume(world.node, id, {}, never)).rejects.toMatchObject({ kind: 'not-found' })
  })

  it('makes it thick and thin again, with its content', async () => {
    await writeFile(world.catalog.image(volume), Buffer.alloc(Number(MiB), 'x'), { flag: 'r+' })
    await modify({ provisioning: 'thick' })
    expect(await allocated()).toBeGreaterThanOrEqual(16n * MiB)
    await modify({ provisioning: 'thin' })
    expect(await allocated()).toBe(MiB)
    const { size } = await stat(world.catalog.image(volume))
    expect(BigInt(size)).toBe(16n * MiB)
  })

  it('applies changes that the record has already, because a crash may have interrupted the first call', async () => {
    await modify({ provisioning: 'thick' })
    await world.files.deallocate(world.catalog.image(volume), never)
    await modify({ provisioning: 'thick' })
    expect(await allocated()).toBeGreaterThanOrEqual(16n * MiB)
  })

  it('turns direct I/O on and off while it is attached', async () => {
    await world.use(volume)
    await modify({ directIo: 'off' })
    expect(await directIo()).toBe(false)
    await modify({ directIo: 'on' })
    expect(await directIo()).toBe(true)
  })

  it('cannot have direct I/O on a disk without it, except as "auto"', async () => {
    world.loops.directIoWorks = false
    await world.use(volume)
    await expect(modify({ directIo: 'on', discard: 'online' })).rejects.toMatchObject({
      kind: 'invalid-argument',
      message: expect.stringContaining('directIO is "on"'),
    })
    expect(world.catalog.get(volume.id)).toEqual(volume)
    await modify({ directIo: 'auto' })
  })

  it('freezes a mounted volume while it frees blocks', async () => {
    const { mountPoint } = await world.use(volume)
    await modify({ provisioning: 'thick' })
    world.mounts.log.length = 0
    const deallocate = world.files.deallocate.bind(world.files)
    world.files.deallocate = (path, signal) => {
      world.mounts.log.push('deallocate')
      return deallocate(path, signal)
    }
    await modify({ provisioning: 'thin' })
    expect(world.mounts.log).toEqual([
      `flush ${mountPoint}`,
      `freeze ${mountPoint}`,
      'deallocate',
      `thaw ${mountPoint}`,
    ])
    expect(await allocated()).toBe(0n)
  })

  it.each(['thin', 'thick'] as const)(
    'does not make a raw block volume %s while somebody may write to it',
    async (provisioning) => {
      volume = await world.create('b', block)
      await world.use(volume)
      await expect(modify({ provisioning, directIo: 'off' })).rejects.toMatchObject({
        kind: 'failed-precondition',
      })
      expect(await directIo()).toBe(true)
      expect(world.catalog.get(volume.id)).toEqual(volume)
      await modify({ directIo: 'off' })
      expect(await directIo()).toBe(false)
    },
  )

  /** A disk that gets full after half of the volume. */
  function fillUp(): void {
    const allocate = world.files.allocate.bind(world.files)
    world.files.allocate = async (path, signal) => {
      await allocate(path, signal)
      throw new FakeErrno('ENOSPC', 'fallocate')
    }
  }

  it.each([
    ['not in use', false],
    ['mounted', true],
  ])('undoes everything when the disk gets full: %s', async (_, isUsed) => {
    if (isUsed) await world.use(volume)
    fillUp()
    await expect(modify({ provisioning: 'thick', directIo: 'off' })).rejects.toMatchObject({
      kind: 'resource-exhausted',
    })
    expect(await allocated()).toBe(0n)
    expect(world.catalog.get(volume.id)).toEqual(volume)
    expect([...world.mounts.frozen]).toEqual([])
    if (isUsed) expect(await directIo()).toBe(true)
  })

  it('undoes everything when its caller gives up', async () => {
    const caller = new AbortController()
    const allocate = world.files.allocate.bind(world.files)
    world.files.allocate = async (path, signal) => {
      await allocate(path, signal)
      caller.abort(new Error('gone'))
      signal.throwIfAborted()
    }
    await expect(modify({ provisioning: 'thick' }, caller.signal)).rejects.toThrow('gone')
    expect(await allocated()).toBe(0n)
    expect(world.catalog.get(volume.id)).toEqual(volume)
  })

  it.each([
    ['size', { sizeBytes: 20n * MiB }],
    ['reserve', { sizeBytes: 40n * MiB, reserveBytes: 20n * MiB }],
  ])('keeps to the %s of the pool', async (_, limits) => {
    await using small = await makeWorld({ ...noLimits, overcommit: 10, ...limits })
    const [first, second] = [await small.create('a'), await small.create('b')]
    await modifyVolume(small.node, first.id, { provisioning: 'thick' }, never)
    await expect(modifyVolume(small.node, second.id, { provisioning: 'thick' }, never)).rejects.toMatchObject(
      {
        kind: 'resource-exhausted',
        message: expect.stringContaining('no room to make it thick'),
      },
    )
  })

  it.each(['online', 'periodic'] as const)('never has a thick volume with discard %s', async (discard) => {
    const thick = await world.create('thick', writer, { provisioning: 'thick' })
    const thin = await world.create('thin', writer, { discard })
    for (const [{ id }, changes] of [
      [thick, { discard }],
      [thin, { provisioning: 'thick' }],
    ] as const) {
      await expect(modifyVolume(world.node, id, changes, never)).rejects.toMatchObject({
        kind: 'invalid-argument',
      })
      await expect(modifyVolume(world.node, id, changes, never)).rejects.toThrow(
        `provisioning "thick" and discard "${discard}" contradict each other`,
      )
    }
    expect(world.catalog.get(thick.id)).toEqual(thick)
    expect(world.catalog.get(thin.id)).toEqual(thin)
    await modifyVolume(world.node, thin.id, { provisioning: 'thick', discard: 'none' }, never)
    expect(world.catalog.get(thin.id)).toMatchObject({ provisioning: 'thick', discard: 'none' })
  })

  it('does not make a volume thick that is still mounted with discard', async () => {
    const { id } = await world.create('pvc-1', writer, { discard: 'online' })
    const staging = join(world.directory, 'staging')
    await mkdir(staging)
    await stageVolume(world.node, id, staging, writer, never)
    const changes = { provisioning: 'thick', discard: 'none' } as const
    await expect(modifyVolume(world.node, id, changes, never)).rejects.toMatchObject({
      kind: 'failed-precondition',
    })
    await unstageVolume(world.node, id, staging, never)
    await modifyVolume(world.node, id, changes, never)
  })
})
