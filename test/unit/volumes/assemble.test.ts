import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { LinuxImageFiles } from '../../../src/linux/images/image-files.ts'
import { assembleNode, type LoopNode, type Machine } from '../../../src/volumes/assemble.ts'
import { makeFakeMachine } from '../../fakes/machine.ts'
import { makeWorld, silent, type World } from './world.ts'

describe('assembleNode', () => {
  let world: World

  beforeEach(async () => {
    world = await makeWorld()
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
})
