import { status } from '@grpc/grpc-js'
import { afterEach, beforeEach, expect, it } from '@jest/globals'
import { describeRoot } from '../../root.ts'
import type { TestDisk } from '../../support/disk.ts'
import type { TestNode } from '../../support/driver.ts'
import { eventually } from '../../support/eventually.ts'
import { storageHealth } from '../../support/health.ts'
import type { Pages } from '../../support/pages.ts'
import { threadStates } from '../../support/thread-states.ts'
import { TestVolume } from '../../support/volume.ts'
import { tool } from '../../tool.ts'
import { DiskWorld } from './disk-world.ts'

/** More than an opening may take without progress. */
const SLOW_MS = 180_000

describeRoot('a disk that does not answer', () => {
  let world: DiskWorld
  let node: TestNode
  let disk: TestDisk
  let pages: Pages

  beforeEach(async () => {
    world = await DiskWorld.start()
    ;({ node, disk, pages } = world)
  })

  afterEach(async () => {
    await using _ended = world
    await thaw().catch(() => undefined)
  })

  /** Whoever writes waits, in the kernel, where no signal ends it. */
  const freeze = () => tool('fsfreeze', '--freeze', disk.path)
  const thaw = () => tool('fsfreeze', '--unfreeze', disk.path)

  it('ends calls at their deadline, blocks only its own pool, and recovers when it answers again', async () => {
    const volume = await world.volume('data').create()
    await freeze()
    const late = { code: status.DEADLINE_EXCEEDED }
    const soon = () => ({ deadline: Date.now() + 500 })
    await expect(volume.stage(undefined, soon())).rejects.toMatchObject(late)
    await expect(world.volume('new').create(soon())).rejects.toMatchObject(late)

    await using other = await new TestVolume(node, 'other').create()
    await other.stage()
    await other.publish()
    expect(await pages.get('/healthz')).toEqual([200, 'ok\n'])
    await node.client.identity.probe({})

    await thaw()
    expect(await storageHealth(node)).toEqual([])
    await volume.stage()
    await volume[Symbol.asyncDispose]()
    await (await world.volume('new').create()).delete()
  })

  it(
    'delays the start, and its pool is opened when it answers',
    async () => {
      await (await world.volume('data').create()).delete()
      await node.driver.end('SIGTERM')
      await freeze()
      await world.startDriver()
      expect(await storageHealth(node)).toEqual(['STORAGE_UNREACHABLE PoolNotAnswering'])
      await using other = await new TestVolume(node, 'other').create()
      await other.stage()
      await thaw()
      await eventually('the pool is back', async () => {
        expect(await storageHealth(node)).toEqual([])
      })
      await (await world.volume('new').create()).delete()
    },
    SLOW_MS,
  )

  it('does not keep a driver that starts from ending', async () => {
    await node.driver.end('SIGTERM')
    await freeze()
    const starting = world.startDriver()
    const refused = expect(starting).rejects.toThrow('the driver ended before it served')
    const first = node.driver
    await eventually('the opening waits in the kernel', async () => {
      expect(await threadStates(first.pid)).toContain('D')
    })
    process.kill(first.pid, 'SIGTERM')
    await eventually('the driver has ended', async () => {
      expect(await threadStates(first.pid)).toContain('Z')
    })
    await world.startDriver()
    expect(await storageHealth(node)).toEqual(['STORAGE_UNREACHABLE PoolInUse'])
    await thaw()
    await refused
    expect(await first.exited).toMatchObject({ code: 0, signal: null })
    await eventually('the pool is back', async () => {
      expect(await storageHealth(node)).toEqual([])
    })
  })

  it('does not keep the driver from ending, nor the next one from serving the other pools', async () => {
    const volume = await world.volume('data').create()
    await freeze()
    const stuck = world.volume('new').create()
    stuck.catch(() => undefined)
    await eventually('the call waits in the kernel', async () => {
      expect(await threadStates(node.driver.pid)).toContain('D')
    })
    const before = node.driver
    const ended = before.end('SIGTERM')
    await eventually('the driver has stopped', () => {
      expect(before.log.map(({ msg }) => msg)).toContain('stopped')
      return Promise.resolve()
    })
    await expect(stuck).rejects.toMatchObject({ code: status.UNAVAILABLE })
    // The kernel keeps the process, and the lock of the pool, until the disk answers.
    await world.startDriver()
    expect(await storageHealth(node)).toEqual(['STORAGE_UNREACHABLE PoolInUse'])
    await using other = await new TestVolume(node, 'other').create()
    await other.stage()

    await thaw()
    expect(await ended).toMatchObject({ code: 0, signal: null })
    await eventually('the pool is back', async () => {
      expect(await storageHealth(node)).toEqual([])
    })
    await volume.stage()
    await volume[Symbol.asyncDispose]()
  })
})
