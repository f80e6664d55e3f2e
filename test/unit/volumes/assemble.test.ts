import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from '@jest/globals'
import { assembleNode } from '../../../src/volumes/assemble.ts'
import { makeFakeMachine } from '../../fakes/machine.ts'
import { makeWorld, silent } from './world.ts'

it('thaws what a crash left frozen, though the write trace then fails', async () => {
  await using world = await makeWorld()
  const volume = await world.create('a')
  const { device, mountPoint } = await world.use(volume)
  await (await world.mounts.openFileSystem(device))?.freeze()
  const draft = join(world.directory, 'pool', 'snapshots', '.s.new')
  await mkdir(draft)
  await writeFile(join(draft, 'frozen'), volume.id)
  await world.node[Symbol.asyncDispose]()

  const { files, loops, mounts, fileSystems, copier } = world
  const machine = {
    ...{ ...makeFakeMachine(), files, loops, mounts, fileSystems, copier },
    openTracer: () => Promise.reject(new Error('EIO: tracefs')),
  }
  await expect(assembleNode(machine, world.nodeConfig, world.observer, silent)).rejects.toThrow(
    'EIO: tracefs',
  )
  expect(mounts.log.filter((line) => line.startsWith('thaw'))).toEqual([`thaw ${mountPoint}`])
  expect([...mounts.frozen]).toEqual([])
})
