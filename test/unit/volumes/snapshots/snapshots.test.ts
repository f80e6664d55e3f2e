import { readdir, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { deleteVolume } from '../../../../src/volumes/operations/delete.ts'
import { createSnapshot, deleteSnapshot } from '../../../../src/volumes/snapshots/snapshots.ts'
import { snapshotIdFor, volumeIdFor } from '../../../../src/volumes/model/ids.ts'
import { Pool } from '../../../../src/volumes/pool/pool.ts'
import type { Snapshot } from '../../../../src/volumes/model/snapshot.ts'
import type { Volume } from '../../../../src/volumes/model/volume.ts'
import { FakeErrno } from '../../../fakes/errno.ts'
import { MiB, makeWorld, never, noLimits, silent, type World } from '../world.ts'

const parameters = { freezeTimeoutMs: 60_000 }

describe('Snapshotter', () => {
  let world: World
  let volume: Volume

  beforeEach(async () => {
    world = await makeWorld()
    volume = await world.create('a')
  })

  afterEach(() => world[Symbol.asyncDispose]())

  const create = (name: string, source: Volume = volume, signal = never): Promise<Snapshot> =>
    createSnapshot(world.node, name, source.id, parameters, signal)

  const list = (): string[] =>
    world.catalog.listSnapshots({ id: '', sourceVolumeId: '' }, '', 100).map(({ name }) => name)

  const onDisk = (): Promise<string[]> => readdir(join(world.config.path, 'snapshots'))

  /** Makes the copier wait in the operation until it is released. */
  function pauseAt(operation: string): { reached: Promise<unknown>; resume: () => void } {
    const reached = Promise.withResolvers<undefined>()
    const gate = Promise.withResolvers<undefined>()
    world.copier.hook = async (begun, _source, signal) => {
      if (begun !== operation) return
      reached.resolve(undefined)
      await gate.promise
      signal.throwIfAborted()
    }
    return {
      reached: reached.promise,
      resume: () => {
        gate.resolve(undefined)
      },
    }
  }

  it('creates a snapshot once, also in repeated calls', async () => {
    const first = await create('s')
    expect(first).toMatchObject({
      name: 's',
      sourceVolumeId: volume.id,
      sizeBytes: 16n * MiB,
      pool: 'default',
    })
    expect(await Promise.all([create('s'), create('s')])).toEqual([first, first])
    expect(await onDisk()).toEqual([first.id])
  })

  it('creates one snapshot for concurrent calls', async () => {
    const snapshots = await Promise.all(Array.from({ length: 10 }, () => create('s')))
    expect(new Set(snapshots).size).toBe(1)
    expect(world.mounts.log.filter((line) => line.startsWith('copy'))).toHaveLength(1)
  })

  it('has a name for one source only, even while the first is being created', async () => {
    const other = await world.create('b')
    const pause = pauseAt('copy')
    const first = create('s')
    await pause.reached
    const both = Promise.allSettled([first, create('s', other)])
    pause.resume()
    const refused = { kind: 'already-exists', message: expect.stringContaining('name "s" is taken') }
    expect(await both).toMatchObject([{ status: 'fulfilled' }, { reason: refused }])
    await expect(create('s', other)).rejects.toMatchObject(refused)
  })

  it('is returned for its name when the source is deleted, while another name does not find the source', async () => {
    const snapshot = await create('s')
    await deleteVolume(world.node, volume.id, never)
    expect(await create('s')).toEqual(snapshot)
    await expect(create('t')).rejects.toMatchObject({ kind: 'not-found' })
  })

  it.each(['', 'unknown', '../..', volumeIdFor('n2', 'a')])('does not find the source %j', async (id) => {
    await expect(createSnapshot(world.node, 's', id, parameters, never)).rejects.toMatchObject({
      kind: 'not-found',
    })
    expect(await onDisk()).toEqual([])
  })

  it('continues when its call is cancelled, is not listed until it is complete, and is returned by the repeated call', async () => {
    const pause = pauseAt('update')
    const caller = new AbortController()
    const first = create('s', volume, caller.signal)
    await pause.reached
    caller.abort(new Error('the deadline has passed'))
    await expect(first).rejects.toThrow('the deadline has passed')
    expect(list()).toEqual([])
    expect(world.catalog.findSnapshot(snapshotIdFor('n1', 's'))).toBeUndefined()
    const second = create('s')
    pause.resume()
    expect(await second).toMatchObject({ name: 's' })
    expect(list()).toEqual(['s'])
    expect(world.mounts.log.filter((line) => line.startsWith('copy'))).toHaveLength(1)
  })

  it('is deleted while it is being created, and leaves nothing', async () => {
    const pause = pauseAt('update')
    const made = create('s')
    await pause.reached
    const both = Promise.allSettled([made, deleteSnapshot(world.node, snapshotIdFor('n1', 's'), never)])
    pause.resume()
    expect(await both).toMatchObject([{ reason: { kind: 'aborted' } }, { status: 'fulfilled' }])
    expect(await onDisk()).toEqual([])
    expect(list()).toEqual([])
  })

  it.each(['ENOSPC', 'EDQUOT'])('is resource-exhausted at %s, and leaves nothing', async (code) => {
    world.copier.hook = (operation) => {
      if (operation === 'update') throw new FakeErrno(code, 'write')
    }
    await expect(create('s')).rejects.toMatchObject({
      kind: 'resource-exhausted',
      message: expect.stringContaining('pool "default"'),
    })
    expect(await onDisk()).toEqual([])
    world.copier.hook = undefined
    await create('s')
  })

  it('is refused when the pool has no room for what the source has', async () => {
    await using small = await makeWorld({ ...noLimits, sizeBytes: 20n * MiB, overcommit: 1 })
    const source = await small.create('a', undefined, { provisioning: 'thick' })
    await expect(createSnapshot(small.node, 's', source.id, parameters, never)).rejects.toMatchObject({
      kind: 'resource-exhausted',
    })
  })

  it('has the size that the source had at the point in time', async () => {
    const pause = pauseAt('update')
    const made = create('s')
    await pause.reached
    await truncate(world.catalog.image(volume), Number(32n * MiB))
    pause.resume()
    expect(await made).toMatchObject({ sizeBytes: 32n * MiB })
  })

  it.each(['', 'unknown', '../..', snapshotIdFor('n1', 'x')])('deletes nothing for %j', async (id) => {
    await expect(deleteSnapshot(world.node, id, never)).resolves.toBeUndefined()
  })

  it('delays the deletion until a volume is restored from it', async () => {
    const snapshot = await create('s')
    const pause = pauseAt('copy')
    const made = world.create('restored', undefined, {}, { type: 'snapshot', id: snapshot.id })
    await pause.reached
    const deleted = deleteSnapshot(world.node, snapshot.id, never)
    pause.resume()
    expect(await made).toMatchObject({ contentSource: { type: 'snapshot', id: snapshot.id } })
    await deleted
    expect(list()).toEqual([])
  })

  it('is found again by the next process, and its draft is not', async () => {
    const snapshot = await create('s')
    await writeFile(join(world.config.path, 'snapshots', `.${snapshotIdFor('n1', 't')}.new`), '')
    await world.pool[Symbol.asyncDispose]()
    await using pool = await Pool.open(world.config, world.files, silent)
    expect(pool.snapshots.values()).toEqual([snapshot])
    await pool.snapshots.settle()
    expect(await onDisk()).toEqual([snapshot.id])
  })
})
