import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { status } from '@grpc/grpc-js'
import { afterEach, beforeEach, expect, it } from '@jest/globals'
import { describeRoot } from '../../root.ts'
import { tool } from '../../scratch.ts'
import { TestDisk } from '../../support/disk.ts'
import { TestNode } from '../../support/driver.ts'
import { storageHealth } from '../../support/health.ts'
import { nothing } from '../../support/leftovers.ts'
import { Pages } from '../../support/pages.ts'
import { MiB, TestVolume } from '../../support/volume.ts'

describeRoot('a disk that does not answer', () => {
  let node: TestNode
  let disk: TestDisk
  let pages: Pages

  beforeEach(async () => {
    node = await TestNode.make()
    pages = await Pages.make()
    disk = await TestDisk.make(node, 256 * MiB)
    const config = join(node.path, 'config.yaml')
    await writeFile(config, `pools: { default: {}, extra: { path: ${disk.pool} } }`)
    await node.start({ args: ['--config', config, ...pages.args] })
  })

  afterEach(async () => {
    await using _cleared = node
    await thaw().catch(() => undefined)
    await node.driver.end('SIGTERM')
    await disk.unmount()
    expect(await node.left()).toEqual(nothing)
  })

  /** Whoever writes waits, in the kernel, where no signal ends it. */
  const freeze = () => tool('fsfreeze', '--freeze', disk.path)
  const thaw = () => tool('fsfreeze', '--unfreeze', disk.path)
  const inExtra = (name: string): TestVolume => new TestVolume(node, name, { parameters: { pool: 'extra' } })

  it('ends calls by their deadline, holds up its own pool only, and all is well when it answers again', async () => {
    const volume = await inExtra('data').create()
    await freeze()
    const late = { code: status.DEADLINE_EXCEEDED }
    const soon = () => ({ deadline: Date.now() + 500 })
    await expect(volume.stage(undefined, soon())).rejects.toMatchObject(late)
    await expect(inExtra('new').create(soon())).rejects.toMatchObject(late)

    await using other = await new TestVolume(node, 'other').create()
    await other.stage()
    await other.publish()
    expect(await pages.get('/healthz')).toEqual([200, 'ok\n'])
    await node.client.identity.probe({})

    await thaw()
    expect(await storageHealth(node)).toEqual([])
    await volume.stage()
    await volume[Symbol.asyncDispose]()
    await (await inExtra('new').create()).delete()
  })
})
