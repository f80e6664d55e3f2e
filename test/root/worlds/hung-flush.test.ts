import { readdir, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from '@jest/globals'
import { describeRoot } from '../../root.ts'
import { eventually } from '../../support/eventually.ts'
import { withHook } from '../../support/hook.ts'
import { threadStates } from '../../support/thread-states.ts'
import { GiB, MiB, TestVolume } from '../../support/volume.ts'
import { tool } from '../../tool.ts'
import { DiskWorld } from './disk-world.ts'

/** Of libuv: with two pools, each has 4 turns. */
const THREADS = 32
const TURNS = 4
/** More than there are threads. */
const SNAPSHOTS = 40

describeRoot('a disk that hangs while volumes are flushed', () => {
  let world: DiskWorld
  let volumes: TestVolume[]

  beforeEach(async () => {
    world = await DiskWorld.ofSize(4 * GiB)
    await world.configure('default: {}')
    await world.startDriver(
      withHook('flush-hook.ts', { FLUSHES: world.node.path, UV_THREADPOOL_SIZE: String(THREADS) }),
    )
    volumes = []
    for (let number = 0; number < SNAPSHOTS; number++) {
      const volume = world.volume(`v${number}`)
      await volume.create()
      volumes.push(volume)
      await volume.stage()
    }
  })

  afterEach(async () => {
    await using _ended = world
    await thaw().catch(() => undefined)
    await go()
    for (const volume of volumes) await volume.unstage()
  })

  const freeze = () => tool('fsfreeze', '--freeze', world.disk.path)
  const thaw = () => tool('fsfreeze', '--unfreeze', world.disk.path)
  const go = () => writeFile(join(world.node.path, 'go'), '')
  const begun = async () => (await stat(join(world.node.path, 'begun'))).size

  /** Until every snapshot has its copy and waits to flush its volume, or for its turn. */
  const allWait = () =>
    eventually('all snapshots wait', async () => {
      const directory = join(world.disk.pool, 'snapshots')
      expect(await readdir(directory)).toHaveLength(SNAPSHOTS)
      for (const draft of await readdir(directory)) await stat(join(directory, draft, 'disk.img'))
      const before = await begun()
      await new Promise((resolve) => setTimeout(resolve, 1000))
      expect(await begun()).toBe(before)
    })

  /** Threads of the driver in a system call that no signal ends. */
  const stuck = async (): Promise<number> =>
    (await threadStates(world.node.driver.pid)).filter((state) => state === 'D').length

  it('takes no thread from other pools, and the snapshots end when it answers', async () => {
    const { node, pages } = world
    const snapshots = Promise.allSettled(
      volumes.map(({ id, name }) => node.client.controller.createSnapshot({ name, sourceVolumeId: id })),
    )
    await allWait()
    for (const { staging } of volumes) await writeFile(join(staging, 'unwritten'), Buffer.alloc(MiB, 'x'))
    await freeze()
    await go()
    await eventually('a flush hangs', async () => {
      expect(await stuck()).toBeGreaterThan(0)
    })

    await using other = await new TestVolume(node, 'other').create()
    await other.stage()
    await other.publish()
    expect(await pages.get('/healthz')).toEqual([200, 'ok\n'])
    expect(await pages.get('/metrics')).toEqual([200, expect.stringContaining('{pool="default"}')])
    expect(await stuck()).toBeLessThanOrEqual(TURNS)

    await thaw()
    expect((await snapshots).map(({ status }) => status)).toEqual(volumes.map(() => 'fulfilled'))
  })
})
