import { readFile, readdir, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { createVolume, type CreateRequest } from '../../../../src/volumes/operations/create.ts'
import { deleteVolume } from '../../../../src/volumes/operations/delete.ts'
import { createSnapshot, deleteSnapshot } from '../../../../src/volumes/snapshots/snapshots.ts'
import { snapshotIdFor, volumeIdFor } from '../../../../src/volumes/model/ids.ts'
import { parseParameters } from '../../../../src/volumes/model/parameters.ts'
import type { Access, ContentSource, Volume } from '../../../../src/volumes/model/volume.ts'
import { FakeErrno } from '../../../fakes/errno.ts'
import { MiB, block, makeWorld, never, writer, type World } from '../world.ts'

describe('a volume restored or cloned from', () => {
  let world: World
  let origin: Volume
  let sources: Record<'a snapshot' | 'a volume', ContentSource>

  beforeEach(async () => {
    world = await makeWorld()
    origin = await world.create('origin')
    await writeFile(world.catalog.image(origin), 'content', { flag: 'r+' })
    const snapshot = await createSnapshot(world.node, 's', origin.id, { freezeTimeoutMs: 60_000 }, never)
    sources = {
      'a snapshot': { type: 'snapshot', id: snapshot.id },
      'a volume': { type: 'volume', id: origin.id },
    }
    world.mounts.log.length = 0
  })

  afterEach(() => world[Symbol.asyncDispose]())

  function create(
    source: ContentSource,
    {
      bytes = 16n * MiB,
      limitBytes = 0n,
      parameters = {},
      accesses = [writer],
      name = 'copy',
    }: {
      bytes?: bigint
      limitBytes?: bigint
      parameters?: Record<string, string>
      accesses?: Access[]
      name?: string
    } = {},
    signal = never,
  ): Promise<Volume> {
    const range = { requiredBytes: bytes, limitBytes }
    const request: CreateRequest = { name, range, accesses, parameters: parseParameters(parameters), source }
    return createVolume(world.node, request, signal)
  }

  const contentOf = async (volume: Volume): Promise<string> =>
    (await readFile(world.catalog.image(volume), 'latin1')).slice(0, 7)

  const drafts = async (): Promise<string[]> =>
    (await readdir(join(world.config.path, 'volumes'))).filter((name) => name.startsWith('.'))

  describe.each(['a snapshot', 'a volume'] as const)('%s', (kind) => {
    const source = (): ContentSource => sources[kind]

    it('has its content, also after repeated calls', async () => {
      const copy = await create(source())
      expect(await contentOf(copy)).toBe('content')
      expect(copy).toMatchObject({ contentSource: source(), capacityBytes: 16n * MiB })
      expect(await create(source())).toEqual(copy)
    })

    it('can be larger, thick, and in another pool', async () => {
      const copy = await create(source(), {
        bytes: 20n * MiB,
        parameters: { pool: 'other', provisioning: 'thick' },
      })
      expect(copy).toMatchObject({ pool: 'other', capacityBytes: 20n * MiB })
      const { logical, allocated } = await world.files.size(world.catalog.image(copy))
      expect(logical).toBe(20n * MiB)
      expect(allocated).toBeGreaterThanOrEqual(20n * MiB)
      expect(await contentOf(copy)).toBe('content')
    })

    it('is as large as the source when no size is asked for', async () => {
      expect(await create(source(), { bytes: 0n })).toMatchObject({ capacityBytes: 16n * MiB })
    })

    it.each([
      ['smaller', { bytes: 8n * MiB }],
      ['limited to less', { bytes: 0n, limitBytes: 8n * MiB }],
    ])('cannot be %s', async (_, wishes) => {
      await expect(create(source(), wishes)).rejects.toMatchObject({ kind: 'out-of-range' })
    })

    it('has the file system of the source, with a UUID of its own', async () => {
      const accesses = [{ ...writer, fsType: 'xfs' as const }]
      const { id: sourceId, type } = source()
      const reason = `is xfs, but volume_content_source: ${type} "${sourceId}" has ext4; use a class with ext4, or one that names no file system`
      await expect(create(source(), { accesses })).rejects.toMatchObject({
        kind: 'invalid-argument',
        message: `volume_capabilities: fs_type ${reason}`,
      })
      await expect(create(source(), { parameters: { fsType: 'xfs' } })).rejects.toMatchObject({
        kind: 'invalid-argument',
        message: `parameters: fsType ${reason}`,
      })
      expect(await create(source())).toMatchObject({ fsType: 'ext4' })
      const { id } = await create(source())
      expect(world.fileSystems.log).toEqual([
        `renew ext4 ${join(world.config.path, 'volumes', `.${id}.new`, 'disk.img')}`,
      ])
    })

    it('knows the file system that the source was formatted with when it was copied', async () => {
      expect(await create(source())).toMatchObject({ fileSystem: { state: 'new' } })
      const fileSystem = { state: 'formatted', uuid: '6d1e2f1c-0b62-4c1e-9d05-2f3a7f0c8a11' } as const
      await world.pool.volumes.update({ ...origin, fileSystem })
      const snapshot = await createSnapshot(
        world.node,
        'later',
        origin.id,
        { freezeTimeoutMs: 60_000 },
        never,
      )
      const later = kind === 'a snapshot' ? { type: 'snapshot' as const, id: snapshot.id } : source()
      expect(await create(later, { name: 'second' })).toMatchObject({ fileSystem })
    })

    it('has no file system to compare when it is a raw block volume', async () => {
      await create(source(), { accesses: [block] })
      expect(world.fileSystems.log).toEqual([])
    })

    it('is no file system when its source is a raw block volume', async () => {
      const raw = await world.create('raw', block)
      const { id } = await createSnapshot(world.node, 'of raw', raw.id, { freezeTimeoutMs: 60_000 }, never)
      const of: ContentSource =
        kind === 'a snapshot' ? { type: 'snapshot', id } : { type: 'volume', id: raw.id }
      for (const accesses of [[writer], [block, writer]]) {
        await expect(create(of, { accesses })).rejects.toMatchObject({
          kind: 'invalid-argument',
          message: expect.stringContaining(`${of.type} "${of.id}" is of a raw block volume`),
        })
      }
      expect(await create(of, { accesses: [block] })).toMatchObject({ accessTypes: ['block'] })
    })

    it('is already-exists for another file system than that of its first call', async () => {
      await create(source())
      const accesses = [{ ...writer, fsType: 'xfs' as const }]
      await expect(create(source(), { accesses })).rejects.toMatchObject({
        kind: 'already-exists',
        message: expect.stringContaining('whose fsType is "ext4", not "xfs"'),
      })
    })

    it('is already-exists for another source with the same name', async () => {
      await world.create('copy')
      await expect(create(source())).rejects.toMatchObject({
        kind: 'already-exists',
        message: expect.stringContaining('contentSource'),
      })
    })

    it('is not found without the source, and exhausted when that is on another node', async () => {
      const idFor = kind === 'a snapshot' ? snapshotIdFor : volumeIdFor
      const asked = (id: string): ContentSource => ({ ...source(), id })
      await expect(create(asked(idFor('n1', 'x')))).rejects.toMatchObject({ kind: 'not-found' })
      await expect(create(asked('strange'))).rejects.toMatchObject({ kind: 'not-found' })
      await expect(create(asked(idFor('n2', 'x')))).rejects.toMatchObject({
        kind: 'resource-exhausted',
        message: expect.stringContaining('is on another node'),
      })
    })

    it('continues when its call is cancelled, and the repeated call gets the result', async () => {
      const caller = new AbortController()
      const gate = Promise.withResolvers<undefined>()
      world.copier.hook = () => {
        caller.abort(new Error('the deadline has passed'))
        return gate.promise
      }
      await expect(create(source(), {}, caller.signal)).rejects.toThrow('the deadline has passed')
      expect(world.catalog.list('', 10).map(({ name }) => name)).toEqual(['origin'])
      const later = Promise.allSettled([create(source()), create(source(), { bytes: 20n * MiB })])
      gate.resolve(undefined)
      const [repeated, other] = await later
      expect(repeated).toMatchObject({ value: { name: 'copy', contentSource: source() } })
      expect(other).toMatchObject({ reason: { kind: 'already-exists' } })
      expect(world.mounts.log.filter((line) => line.startsWith('copy'))).toHaveLength(1)
    })

    it('leaves nothing when there is no room', async () => {
      world.copier.hook = () => {
        throw new FakeErrno('ENOSPC', 'write')
      }
      await expect(create(source())).rejects.toMatchObject({ kind: 'resource-exhausted' })
      expect(await drafts()).toEqual([])
      world.copier.hook = undefined
      await create(source())
    })
  })

  it('a volume freezes it when it is mounted', async () => {
    const { mountPoint } = await world.use(origin)
    world.mounts.log.length = 0
    await create(sources['a volume'])
    expect(world.mounts.log).toEqual([
      `copy ${world.catalog.image(origin)}`,
      `flush ${mountPoint}`,
      `freeze ${mountPoint}`,
      `update ${world.catalog.image(origin)}`,
      `thaw ${mountPoint}`,
    ])
  })

  it('a volume that grows meanwhile makes the caller repeat the call', async () => {
    world.copier.hook = (operation) =>
      operation === 'update' ? truncate(world.catalog.image(origin), Number(32n * MiB)) : undefined
    await expect(create(sources['a volume'])).rejects.toMatchObject({
      kind: 'aborted',
      message: expect.stringContaining('grew while it was copied'),
    })
    expect(await drafts()).toEqual([])
  })

  it('a snapshot does not depend on it, nor it on the snapshot', async () => {
    const copy = await create(sources['a snapshot'])
    await deleteSnapshot(world.node, sources['a snapshot'].id, never)
    await deleteVolume(world.node, origin.id, never)
    expect(await contentOf(copy)).toBe('content')
    expect(await create(sources['a snapshot'])).toEqual(copy)
  })
})
