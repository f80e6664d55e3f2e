import { cp, mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { HeldFileSystems } from '../../../../src/volumes/machine/held-file-systems.ts'
import { stageVolume, unstageVolume } from '../../../../src/volumes/operations/stage.ts'
import { trimPool } from '../../../../src/volumes/operations/trim.ts'
import pino from 'pino'
import type { Access } from '../../../../src/volumes/model/volume.ts'
import { Pool } from '../../../../src/volumes/pool/pool.ts'
import { VolumeAccess } from '../../../../src/volumes/state/volume-access.ts'
import { MiB, block, makeWorld, never, noLimits, silent, writer, type World } from '../world.ts'

describe('trimPool', () => {
  let world: World
  let lines: Record<string, unknown>[]

  beforeEach(async () => {
    lines = []
    const log = pino({}, { write: (line) => lines.push(JSON.parse(line) as Record<string, unknown>) })
    world = await makeWorld(noLimits, undefined, log)
    for (const number of [1, 2, 3]) world.fileSystems.setSize(`/dev/loop${number}`, 16n * MiB)
  })

  afterEach(() => world[Symbol.asyncDispose]())

  const stage = async (name: string, discard = 'periodic', access: Access = writer) => {
    const { id } = await world.create(name, access, { discard })
    const staging = join(world.directory, name)
    await mkdir(staging)
    await stageVolume(world.node, id, staging, access, never)
    return { id, staging }
  }

  const trimmed = () => world.mounts.log.filter((line) => line.startsWith('trim'))

  it('trims the mounted volumes with periodic discard, and logs the result', async () => {
    world.mounts.trimmableBytes = 4096n
    const { id, staging } = await stage('periodic')
    await stage('none', 'none')
    await stage('online', 'online')
    await world.create('not-staged', writer, { discard: 'periodic' })
    await trimPool(world.node, world.pool, never)
    expect(trimmed()).toEqual([`trim ${staging}`])
    expect(lines).toMatchObject([{ volume: id, pool: 'default', trimmedBytes: 4096, msg: 'trimmed' }])
  })

  it('does not thaw a volume of a full pool', async () => {
    const { id, staging } = await stage('full')
    const { catalog, locks, loops, mounts } = world.node
    const held = new HeldFileSystems(silent)
    const access = new VolumeAccess({ catalog, held, locks, loops, mounts })
    const device = await loops.find(catalog.image(catalog.get(id)))
    const fileSystem = device && (await mounts.openFileSystem(device.device))
    if (fileSystem) await held.hold(id, fileSystem, never)
    await trimPool({ ...world.node, access }, world.pool, never)
    expect(trimmed()).toEqual([`trim ${staging}`])
    expect(held.get(id)?.isFrozen).toBe(true)
  })

  it('leaves out raw block volumes', async () => {
    await stage('raw', 'periodic', block)
    await trimPool(world.node, world.pool, never)
    expect(trimmed()).toEqual([])
  })

  it('leaves out read-only mounts', async () => {
    const { id, staging } = await stage('data')
    await unstageVolume(world.node, id, staging, never)
    await stageVolume(world.node, id, staging, { ...writer, mode: 'SINGLE_NODE_READER_ONLY' }, never)
    await trimPool(world.node, world.pool, never)
    expect(trimmed()).toEqual([])
  })

  it('trims a volume that is published read-only through its staging path', async () => {
    const { staging } = await stage('data')
    const target = join(world.directory, 'target')
    await mkdir(target)
    await world.mounts.bind(staging, target, { readOnly: true })
    await trimPool(world.node, world.pool, never)
    expect(trimmed()).toEqual([`trim ${staging}`])
  })

  it('leaves out a copy of a volume that an operator has put into another pool', async () => {
    const { id } = await stage('data')
    const [from, to] = ['pool', 'other'].map((pool) => join(world.directory, pool, 'volumes', id))
    await cp(from ?? '', to ?? '', { recursive: true })
    await world.other[Symbol.asyncDispose]()
    await using copies = await Pool.open(world.otherConfig, world.files, silent)
    expect(copies.volumes.get(id)?.discard).toBe('periodic')
    await trimPool(world.node, copies, never)
    expect(trimmed()).toEqual([])
  })

  it('continues with the next when one fails', async () => {
    const [first, second] = [await stage('a'), await stage('b')]
    const trim = world.mounts.trim.bind(world.mounts)
    world.mounts.trim = (mountPoint, from) =>
      mountPoint === first.staging ? Promise.reject(new Error('EIO')) : trim(mountPoint, from)
    await trimPool(world.node, world.pool, never)
    expect(trimmed()).toEqual([`trim ${second.staging}`])
    expect(lines[0]).toMatchObject({ volume: first.id, error: 'EIO', msg: 'could not be trimmed' })
  })

  it('waits for other work on the volume, and reads the state again', async () => {
    const { id, staging } = await stage('data')
    const lock = await world.node.locks.acquire(id, never)
    const trimming = trimPool(world.node, world.pool, never)
    await world.mounts.unmount(staging)
    lock[Symbol.dispose]()
    await trimming
    expect(trimmed()).toEqual([])
  })

  it('lets other calls work on the volume between two steps, and ends when they have unmounted it', async () => {
    const { id, staging } = await stage('data')
    world.mounts.trimSteps = 1000n
    const trimming = trimPool(world.node, world.pool, never)
    await unstageVolume(world.node, id, staging, never)
    await trimming
    expect(trimmed().length).toBeLessThan(1000)
  })

  it('counts what all steps have discarded', async () => {
    const { staging } = await stage('data')
    Object.assign(world.mounts, { trimSteps: 3n, trimmableBytes: 4096n })
    await trimPool(world.node, world.pool, never)
    expect(trimmed()).toEqual(['', ' from 1', ' from 2'].map((from) => `trim ${staging}${from}`))
    expect(lines).toMatchObject([{ trimmedBytes: 3 * 4096 }])
  })

  it('ends when it is cancelled, even while it waits', async () => {
    const { id } = await stage('data')
    using _lock = await world.node.locks.acquire(id, never)
    const cancel = new AbortController()
    const trimming = trimPool(world.node, world.pool, cancel.signal)
    cancel.abort(new Error('the driver is stopping'))
    await trimming
    expect(lines).toEqual([])
  })
})
