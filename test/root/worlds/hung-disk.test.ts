import { status } from '@grpc/grpc-js'
import { afterEach, beforeEach, expect, it } from '@jest/globals'
import { describeRoot } from '../../root.ts'
import type { TestDisk } from '../../support/disk.ts'
import type { TestNode } from '../../support/driver.ts'
import { storageHealth } from '../../support/health.ts'
import type { Pages } from '../../support/pages.ts'
import { TestVolume } from '../../support/volume.ts'
import { tool } from '../../tool.ts'
import { DiskWorld } from './disk-world.ts'

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
})
