import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals'
import { stageVolume, unstageVolume } from '../../../../src/volumes/operations/stage.ts'
import { VolumeError } from '../../../../src/volumes/model/errors.ts'
import { FileSystemMissing } from '../../../../src/volumes/model/file-system-state.ts'
import type { PreparedFile } from '../../../../src/volumes/pool/files/durable.ts'
import type { Volume } from '../../../../src/volumes/model/volume.ts'
import { FakeErrno } from '../../../fakes/errno.ts'
import { block, makeWorld, never, writer, type World } from '../world.ts'

describe('stageVolume', () => {
  let world: World
  let staging: string
  let volume: Volume

  beforeEach(async () => {
    world = await makeWorld()
    staging = join(world.directory, 'staging')
    await mkdir(staging)
    volume = await world.create('pvc-1')
  })

  afterEach(() => world[Symbol.asyncDispose]())

  const stage = () => stageVolume(world.node, volume.id, staging, writer, never)
  const attached = () => world.loops.find(world.catalog.image(volume))

  it('formats a new volume once, and checks it from then on', async () => {
    await stage()
    await unstageVolume(world.node, volume.id, staging, never)
    await stage()
    expect(world.fileSystems.log.map((line) => line.split(' ')[0])).toEqual([
      'probe',
      'format',
      'probe',
      'check',
      'growUnmounted',
      'grow',
    ])
  })

  it('formats without a probe if the image was never written', async () => {
    world.files.hasData = () => Promise.resolve(false)
    await stage()
    expect(world.fileSystems.log).toEqual(['format ext4 /dev/loop0'])
  })

  it('mounts nothing when it is staged already, but completes growth that a crash interrupted', async () => {
    await stage()
    await stage()
    expect(world.mounts.log).toHaveLength(1)
    expect(world.fileSystems.log.at(-1)).toMatch(/^grow /)
  })

  it('is staged also where it cannot be grown while it is mounted', async () => {
    await stage()
    world.fileSystems.failNext('grow', new VolumeError('failed-precondition', 'needs CAP_SYS_RESOURCE'))
    await stage()
    world.fileSystems.failNext('grow', new Error('EIO'))
    await expect(stage()).rejects.toThrow('EIO')
  })

  it.each(['absent', 'a file'])('names the field whose path is %s, and detaches the device', async (what) => {
    const path = join(world.directory, what)
    if (what !== 'absent') await writeFile(path, '')
    await expect(stageVolume(world.node, volume.id, path, writer, never)).rejects.toMatchObject({
      kind: 'failed-precondition',
      message: `staging_target_path ${path} is no directory; the CO must create it before it makes the call`,
    })
    expect(await attached()).toBeUndefined()
  })

  it('can be repeated when another program has had the device open exclusively', async () => {
    world.mounts.held.add('/dev/loop0')
    await expect(stage()).rejects.toMatchObject({
      kind: 'aborted',
      message: expect.stringContaining('another program'),
    })
    expect(await attached()).toBeUndefined()
    world.mounts.held.clear()
    await stage()
  })

  it.each(['probe', 'format'] as const)('detaches the device when %s fails', async (operation) => {
    world.fileSystems.failNext(operation, new Error('EIO'))
    await expect(stage()).rejects.toThrow('EIO')
    expect(await attached()).toBeUndefined()
    expect(world.mounts.log).toEqual([])
  })

  it('detaches the device when the check fails', async () => {
    world.fileSystems.setContent('/dev/loop0', { type: 'ext4', damage: 'hopeless' })
    await expect(stage()).rejects.toMatchObject({ kind: 'failed-precondition' })
    expect(await attached()).toBeUndefined()
  })

  const stateOf = () => world.catalog.get(volume.id).fileSystem

  it('records once that the volume is formatted, before it returns', async () => {
    expect(stateOf()).toEqual({ state: 'new' })
    await stage()
    const uuid = world.fileSystems.contentOf('/dev/loop0')?.uuid
    expect(stateOf()).toEqual({ state: 'formatted', uuid })
    const path = join(world.config.path, 'volumes', volume.id, 'volume.json')
    const before = await stat(path)
    await unstageVolume(world.node, volume.id, staging, never)
    await stage()
    expect((await stat(path)).ino).toBe(before.ino)
  })

  const recordOnDisk = async (): Promise<unknown> => {
    const path = join(world.config.path, 'volumes', volume.id, 'volume.json')
    return JSON.parse(await readFile(path, 'utf8')) as unknown
  }
  const formats = () => world.fileSystems.log.filter((line) => line.startsWith('format '))
  const expectNothingPrepared = async (): Promise<void> => {
    expect(await readdir(join(world.config.path, 'volumes'))).toEqual([volume.id])
  }

  it.each([
    ['written', () => Promise.reject(new FakeErrno('ENOSPC', 'x'))],
    [
      'committed',
      (record: PreparedFile) =>
        Promise.resolve({ ...record, commit: () => Promise.reject(new FakeErrno('ENOSPC', 'x')) }),
    ],
  ])('is not staged when its record cannot be %s, and is not formatted again', async (_, fail) => {
    const prepare = world.pool.volumes.prepare.bind(world.pool.volumes)
    const failing = jest
      .spyOn(world.pool.volumes, 'prepare')
      .mockImplementationOnce(async (record) => fail(await prepare(record)))
    await expect(stage()).rejects.toMatchObject({ kind: 'resource-exhausted' })
    expect(await world.mounts.at(staging)).toBeUndefined()
    expect(await attached()).toBeUndefined()
    failing.mockRestore()
    await stage()
    expect(stateOf()).toMatchObject({ state: 'formatted' })
    expect(formats()).toHaveLength(1)
    await expectNothingPrepared()
  })

  it('is formatted when its first mount fails, and is not formatted again', async () => {
    jest.spyOn(world.mounts, 'mount').mockRejectedValueOnce(new FakeErrno('EIO', 'x'))
    await expect(stage()).rejects.toThrow('EIO')
    expect(await attached()).toBeUndefined()
    const uuid = world.fileSystems.contentOf('/dev/loop0')?.uuid
    expect(await recordOnDisk()).toMatchObject({ fileSystem: { state: 'formatted', uuid } })
    await stage()
    expect(formats()).toHaveLength(1)
  })

  it('is new until its mkfs has succeeded', async () => {
    const format = world.fileSystems.format.bind(world.fileSystems)
    jest.spyOn(world.fileSystems, 'format').mockImplementationOnce(async (...args) => {
      while ((await readdir(join(world.config.path, 'volumes'))).length < 2) await setImmediate()
      expect(stateOf()).toEqual({ state: 'new' })
      expect(await recordOnDisk()).toMatchObject({ fileSystem: { state: 'new' } })
      await format(...args)
      throw new Error('killed')
    })
    await expect(stage()).rejects.toThrow('killed')
    expect(stateOf()).toEqual({ state: 'new' })
    expect(world.mounts.log).toEqual([])
    await expectNothingPrepared()
  })

  describe('with mkfsOptions', () => {
    const withOptions = async (options: string): Promise<void> => {
      volume = await world.create('options', writer, { mkfsOptions: options })
    }

    it('has the UUID that they choose, and no other options', async () => {
      const uuid = '11111111-2222-4333-8444-555555555555'
      await withOptions(`uuid=${uuid}`)
      await stage()
      expect(world.fileSystems.formatOptions).toEqual([`uuid=${uuid}`])
      expect(stateOf()).toEqual({ state: 'formatted', uuid })
    })

    it('is not called formatted when they make mkfs do nothing', async () => {
      await withOptions('-n')
      jest.spyOn(world.fileSystems, 'format').mockResolvedValueOnce()
      await expect(stage()).rejects.toThrow('mkfs.ext4 with the mkfsOptions "-n" created no ext4')
      expect(stateOf()).toEqual({ state: 'new' })
    })
  })

  it('has the UUID that mkfs chooses where it cannot be told', async () => {
    world.fileSystems.uuidOptions = () => undefined
    await stage()
    const uuid = world.fileSystems.contentOf('/dev/loop0')?.uuid
    expect(stateOf()).toEqual({ state: 'formatted', uuid })
  })

  it('is staged on a full disk when its older record keeps it from being formatted as well', async () => {
    await stage()
    await unstageVolume(world.node, volume.id, staging, never)
    await world.pool.volumes.update({ ...volume, fileSystem: { state: 'unknown' } })
    const update = jest
      .spyOn(world.pool.volumes, 'update')
      .mockRejectedValueOnce(new FakeErrno('ENOSPC', 'x'))
    await stage()
    update.mockRestore()
    expect(stateOf()).toEqual({ state: 'unknown' })
  })

  it('reports a signature that it does not know', async () => {
    world.fileSystems.failNext('probe', new VolumeError('failed-precondition', 'contradicting'))
    await expect(stage()).rejects.toThrow(FileSystemMissing)
    expect(world.pool.withoutFileSystem.has(volume.id)).toBe(true)
    await stage()
    expect(world.pool.withoutFileSystem.size).toBe(0)
  })

  it('does not treat a volume that was used as a raw block device as new', async () => {
    const access = { type: 'block', mode: 'SINGLE_NODE_WRITER' } as const
    const both = await world.create('both')
    await world.pool.volumes.update({ ...both, accessTypes: ['block', 'mount'] })
    await stageVolume(world.node, both.id, staging, access, never)
    expect(world.catalog.get(both.id).fileSystem).toEqual({ state: 'unknown' })
    await unstageVolume(world.node, both.id, staging, never)
    await expect(stageVolume(world.node, both.id, staging, writer, never)).rejects.toThrow(FileSystemMissing)
  })

  it('formats again after a killed mkfs', async () => {
    world.fileSystems.setContent('/dev/loop0', { type: 'ext4', unfinished: true })
    await stage()
    expect(world.fileSystems.log).toContain('format ext4 /dev/loop0')
  })

  it.each([
    ['another file system', { type: 'xfs' }, 'has xfs where its ext4 should be'],
    ['something encrypted', { type: 'crypto_LUKS' }, 'has crypto_LUKS'],
    ['a partition table', { partitionTable: 'gpt' }, 'gpt partition table'],
  ])('never formats over %s', async (_name, content, words) => {
    world.fileSystems.setContent('/dev/loop0', content)
    await expect(stage()).rejects.toThrow(words)
    expect(world.fileSystems.log).toEqual(['probe /dev/loop0'])
    expect(await attached()).toBeUndefined()
  })

  it('does not format for a reader', async () => {
    const reader = { ...writer, mode: 'SINGLE_NODE_READER_ONLY' } as const
    await expect(stageVolume(world.node, volume.id, staging, reader, never)).rejects.toThrow(
      'no file system yet',
    )
  })

  it('refuses a use that the volume does not support', async () => {
    await expect(stageVolume(world.node, volume.id, staging, block, never)).rejects.toMatchObject({
      kind: 'failed-precondition',
    })
    const asXfs = { ...writer, fsType: 'xfs' } as const
    await expect(stageVolume(world.node, volume.id, staging, asXfs, never)).rejects.toThrow(
      'has fs_type ext4, not xfs',
    )
  })

  it('leaves a foreign mount at the staging path as it is', async () => {
    await world.mounts.mount({ source: '/dev/sda1', target: staging, fsType: 'ext4', options: [] })
    await expect(stage()).rejects.toMatchObject({ kind: 'already-exists' })
    await expect(unstageVolume(world.node, volume.id, staging, never)).rejects.toMatchObject({
      kind: 'already-exists',
    })
    expect(await world.mounts.at(staging)).toMatchObject({ source: '/dev/sda1' })
  })

  it('detaches when it is unstaged, and that can be repeated', async () => {
    await stage()
    await unstageVolume(world.node, volume.id, staging, never)
    expect(await attached()).toBeUndefined()
    await unstageVolume(world.node, volume.id, staging, never)
    await unstageVolume(world.node, 'no-such-volume', staging, never)
  })

  it('does not unstage a published volume', async () => {
    await stage()
    const target = join(world.directory, 'target')
    await mkdir(target)
    await world.mounts.bind(staging, target, { readOnly: false })
    await expect(unstageVolume(world.node, volume.id, staging, never)).rejects.toThrow(
      `still in use at ${target}`,
    )
    expect(await world.mounts.at(staging)).toBeDefined()
  })

  it('keeps a raw block volume attached, even if it is opened meanwhile', async () => {
    const raw = await world.create('raw', block)
    await stageVolume(world.node, raw.id, staging, block, never)
    await stageVolume(world.node, raw.id, staging, block, never)
    expect(await world.loops.find(world.catalog.image(raw))).toMatchObject({
      autoclear: false,
      readOnly: false,
    })
    await unstageVolume(world.node, raw.id, staging, never)
    expect(await world.loops.find(world.catalog.image(raw))).toBeUndefined()
  })
})
