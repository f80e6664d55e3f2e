import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals'
import { LinuxImageFiles } from '../../../src/linux/images/image-files.ts'
import { assembleNode, type LoopNode, type Machine } from '../../../src/volumes/assemble.ts'
import { parseEphemeralAttributes } from '../../../src/volumes/model/parameters.ts'
import { createVolume } from '../../../src/volumes/operations/create.ts'
import { makeFakeMachine } from '../../fakes/machine.ts'
import { makeWorld, MiB, never, noLimits, silent, writer, type World } from './world.ts'

describe('assembleNode', () => {
  let world: World

  beforeEach(async () => {
    world = await makeWorld({ ...noLimits, inlineBytes: 1n << 30n })
  })

  afterEach(async () => {
    await world[Symbol.asyncDispose]()
  })

  const startAgain = async (openTracer: Machine['openTracer'], stopping?: AbortSignal): Promise<LoopNode> => {
    await world.node[Symbol.asyncDispose]()
    const { files, loops, mounts, fileSystems, copier, nodeConfig, observer } = world
    const machine = { ...makeFakeMachine(), files, loops, mounts, fileSystems, copier, openTracer }
    return await assembleNode(machine, nodeConfig, observer, silent, stopping)
  }

  it('thaws what a crash left frozen, though the write trace then fails', async () => {
    const { mounts } = world
    const volume = await world.create('a')
    const { device, mountPoint } = await world.use(volume)
    await (await mounts.openFileSystem(device))?.freeze()
    const draft = join(world.directory, 'pool', 'snapshots', '.s.new')
    await mkdir(draft)
    await writeFile(join(draft, 'frozen'), volume.id)
    await expect(startAgain(() => Promise.reject(new Error('EIO: tracefs')))).rejects.toThrow('EIO: tracefs')
    expect(mounts.log.filter((line) => line.startsWith('thaw'))).toEqual([`thaw ${mountPoint}`])
    expect([...mounts.frozen]).toEqual([])
  })

  it('ends at a signal while it waits for the machine, and unlocks the pools', async () => {
    const stopping = new AbortController()
    const hung = Promise.withResolvers<undefined>()
    const openTracer = (): Promise<undefined> => {
      stopping.abort(new Error('got SIGTERM'))
      return hung.promise
    }
    await expect(startAgain(openTracer, stopping.signal)).rejects.toThrow('got SIGTERM')
    await using unlocked = await new LinuxImageFiles().lock(world.config.path)
    expect(unlocked).toBeDefined()
    hung.resolve(undefined)
  })

  it('lets calls end when the signal comes after the start', async () => {
    const stopping = new AbortController()
    const node = await startAgain(() => Promise.resolve(undefined), stopping.signal)
    const giveUp = jest.spyOn(node.pools, 'giveUp')
    stopping.abort(new Error('got SIGTERM'))
    await node[Symbol.asyncDispose]()
    expect(giveUp).not.toHaveBeenCalled()
  })

  it('waits, at a signal, for a call of the sweep that returns soon, and unlocks the pools', async () => {
    const { parameters } = parseEphemeralAttributes({ size: '16Mi' })
    const range = { requiredBytes: 16n * MiB, limitBytes: 0n }
    const inline = { name: 'e', range, accesses: [writer], parameters, source: undefined, ephemeral: true }
    await createVolume(world.node, inline, never)
    const stopping = new AbortController()
    const files = new LinuxImageFiles()
    world.files.lock = async (path) => {
      if (!path.endsWith('disk.img')) return await files.lock(path)
      stopping.abort(new Error('got SIGTERM'))
      await setTimeout(30)
      return await files.lock(path)
    }
    await expect(startAgain(() => Promise.resolve(undefined), stopping.signal)).rejects.toThrow('got SIGTERM')
    await using unlocked = await files.lock(world.config.path)
    expect(unlocked).toBeDefined()
  })
})
