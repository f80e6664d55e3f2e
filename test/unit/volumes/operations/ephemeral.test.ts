import { mkdir, readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals'
import {
  publishEphemeral,
  sweepEphemeral,
  unpublishEphemeral,
} from '../../../../src/volumes/operations/ephemeral.ts'
import { FakeErrno } from '../../../fakes/errno.ts'
import { MiB, block, makeWorld, never, writer, type World } from '../world.ts'

const name = `csi-${'0'.repeat(64)}`

describe('inline volumes', () => {
  let world: World
  let targetPath: string

  beforeEach(async () => {
    world = await makeWorld({
      sizeBytes: 100n * MiB,
      reserveBytes: 0n,
      overcommit: 1,
      inlineBytes: 2048n * MiB,
    })
    world.fileSystems.setSize('/dev/loop0', 16n * MiB)
    targetPath = join(world.directory, 'mount')
  })

  afterEach(() => world[Symbol.asyncDispose]())

  const publish = (change: object = {}, signal = never) =>
    publishEphemeral(
      world.node,
      name,
      { targetPath, access: writer, readOnly: false, volumeContext: { size: '16Mi' }, ...change },
      signal,
    )

  const published = () => {
    const volume = world.catalog.findEphemeral(name)
    if (!volume) throw new Error('there is none')
    return volume
  }

  const unpublish = () => unpublishEphemeral(world.node, published(), targetPath, never)
  const directories = () => readdir(join(world.config.path, 'volumes'))
  const left = async () => (await directories()).filter((entry) => !entry.endsWith('.deleted'))

  it('makes and mounts, and unmounts and deletes', async () => {
    await publish()
    expect(published()).toMatchObject({ name, ephemeral: true, capacityBytes: 16n * MiB })
    expect(await world.mounts.at(targetPath)).toMatchObject({ source: '/dev/loop0', readOnly: false })
    expect(world.catalog.list('', 10)).toEqual([])
    await unpublish()
    expect(await left()).toEqual([])
    await expect(stat(targetPath)).rejects.toMatchObject({ code: 'ENOENT' })
  })

  it('does nothing when it is published already', async () => {
    await Promise.all([publish(), publish()])
    await publish()
    expect(world.mounts.log).toHaveLength(1)
    expect(await left()).toHaveLength(1)
  })

  it('formats a volume that its pod may only read', async () => {
    await publish({ readOnly: true })
    expect(await world.mounts.at(targetPath)).toMatchObject({ readOnly: true })
    await publish({ readOnly: true })
    await expect(publish()).rejects.toMatchObject({ kind: 'already-exists' })
    expect(await world.mounts.at(targetPath)).toMatchObject({ readOnly: true })
  })

  it('is not a persistent volume of the same name', async () => {
    await publish()
    const others = await Promise.all([name, `ephemeral ${name}`].map((other) => world.create(other)))
    expect(others.map(({ id }) => id)).not.toContain(published().id)
    expect(world.catalog.list('', 10)).toHaveLength(others.length)
  })

  it.each([
    ['access type block', { access: block }, 'invalid-argument', 'access type block'],
    ['an unknown pool', { volumeContext: { pool: 'moon' } }, 'invalid-argument', 'pool "moon"'],
    ['too large a size', { volumeContext: { size: '1Gi' } }, 'resource-exhausted', 'pool "default" has'],
    [
      'two file systems',
      { access: { ...writer, fsType: 'xfs' }, volumeContext: { fsType: 'btrfs' } },
      'invalid-argument',
      'xfs and btrfs',
    ],
  ])('refuses %s', async (_what, change, kind, words) => {
    await expect(publish(change)).rejects.toMatchObject({ kind })
    await expect(publish(change)).rejects.toThrow(words)
    expect(await left()).toEqual([])
  })

  it('leaves nothing when it cannot be formatted', async () => {
    world.fileSystems.failNext('format', new Error('EIO'))
    await expect(publish()).rejects.toThrow('EIO')
    expect(await left()).toEqual([])
    await expect(stat(targetPath)).rejects.toMatchObject({ code: 'ENOENT' })
    await publish()
  })

  it('leaves a foreign mount at the target as it is', async () => {
    await mkdir(targetPath)
    await world.mounts.mount({ source: '/dev/sda1', target: targetPath, fsType: 'ext4', options: [] })
    await expect(publish()).rejects.toMatchObject({ kind: 'already-exists' })
    expect(await left()).toEqual([])
    expect(await world.mounts.at(targetPath)).toMatchObject({ source: '/dev/sda1' })
  })

  it('has one target', async () => {
    await publish()
    await expect(publish({ targetPath: join(world.directory, 'elsewhere') })).rejects.toThrow(
      'attached already',
    )
    await unpublishEphemeral(world.node, published(), join(world.directory, 'elsewhere'), never)
    expect(await world.mounts.at(targetPath)).toBeDefined()
  })

  it('is kept while something is open in it', async () => {
    await publish()
    world.mounts.busy.add(targetPath)
    await expect(unpublish()).rejects.toMatchObject({ kind: 'failed-precondition' })
    world.mounts.busy.clear()
    await unpublish()
    expect(await left()).toEqual([])
  })

  it('is unmounted when its image cannot be read for a moment, and deleted by the repeated call', async () => {
    await publish()
    const find = jest.spyOn(world.loops, 'find').mockRejectedValueOnce(new FakeErrno('EIO', 'open'))
    await expect(unpublish()).rejects.toMatchObject({ code: 'EIO' })
    expect(find).toHaveBeenCalledTimes(1)
    expect(await world.mounts.at(targetPath)).toBeUndefined()
    await unpublish()
    expect(await left()).toEqual([])
  })

  it('is deleted when its pool is opened and it is not mounted', async () => {
    await publish()
    await world.create('persistent')
    expect(await sweepEphemeral(world.node, world.pool, never)).toBe(0)
    expect(published()).toBeDefined()
    await world.mounts.unmount(targetPath)
    expect(await sweepEphemeral(world.node, world.other, never)).toBe(0)
    expect(published()).toBeDefined()
    expect(await sweepEphemeral(world.node, world.pool, never)).toBe(1)
    expect(world.catalog.findEphemeral(name)).toBeUndefined()
    expect(await left()).toHaveLength(1)
  })
})
