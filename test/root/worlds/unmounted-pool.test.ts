import { afterEach, beforeEach, expect, it } from '@jest/globals'
import { describeRoot } from '../../root.ts'
import type { TestDisk } from '../../support/disk.ts'
import type { TestNode } from '../../support/driver.ts'
import type { Pages } from '../../support/pages.ts'
import { refusal } from '../../support/refusal.ts'
import { DiskWorld } from './disk-world.ts'

/** What its calls and its health say is in health.test.ts. */
describeRoot('a pool that is not mounted after a reboot', () => {
  let world: DiskWorld
  let node: TestNode
  let disk: TestDisk
  let pages: Pages

  beforeEach(async () => {
    world = await DiskWorld.make()
    ;({ node, disk, pages } = world)
  })

  afterEach(async () => {
    await world[Symbol.asyncDispose]()
  })

  async function reboot(...others: string[]): Promise<void> {
    await world.configure(...others)
    await world.startDriver()
    await node.driver.end('SIGKILL')
    await disk.unmount()
    await world.startDriver()
  }

  it('is a warning while there is another pool, until it is mounted', async () => {
    await reboot('default: {}')
    const volume = world.volume('data')
    await expect(volume.create()).rejects.toMatchObject(refusal('UNAVAILABLE', /mount the disk/))
    expect(await pages.calls('CreateVolume', 'UNAVAILABLE')).toBe(1)
    const [status, text] = await pages.get('/readyz')
    expect(status).toBe(200)
    expect(text).toMatch(/^ok\nwarning: pool "extra": .*mount the disk/)
    expect(await pages.get('/healthz')).toEqual([200, 'ok\n'])
    await disk.mount()
    expect(await pages.get('/readyz')).toEqual([200, 'ok\n'])
    await (await volume.create()).delete()
  })

  it('is a failure when it was the only one', async () => {
    await reboot()
    for (const page of ['/healthz', '/readyz']) {
      const [status, text] = await pages.get(page)
      expect(status).toBe(503)
      expect(text).toMatch(/^pool "extra": .*mount the disk/)
    }
    await disk.mount()
    expect(await pages.get('/readyz')).toEqual([200, 'ok\n'])
  })
})
