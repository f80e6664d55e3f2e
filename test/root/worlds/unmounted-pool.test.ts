import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from '@jest/globals'
import { describeRoot } from '../../root.ts'
import { TestDisk } from '../../support/disk.ts'
import { TestNode } from '../../support/driver.ts'
import { Pages } from '../../support/pages.ts'
import { refusal } from '../../support/refusal.ts'
import { MiB, TestVolume } from '../../support/volume.ts'

/** What its calls and its health say is in health.test.ts. */
describeRoot('a pool that is not mounted after a reboot', () => {
  let node: TestNode
  let disk: TestDisk
  let pages: Pages

  beforeEach(async () => {
    node = await TestNode.make()
    pages = await Pages.make()
    disk = await TestDisk.make(node, 256 * MiB)
  })

  afterEach(async () => {
    await node[Symbol.asyncDispose]()
  })

  async function reboot(pools: string): Promise<void> {
    const config = join(node.path, 'config.yaml')
    await writeFile(config, `pools: { ${pools} }`)
    const args = ['--config', config, ...pages.args]
    await node.start({ args })
    await node.driver.end('SIGKILL')
    await disk.unmount()
    await node.start({ args })
  }

  it('is a warning while there is another, until it is mounted', async () => {
    await reboot(`default: {}, extra: { path: ${disk.pool} }`)
    const volume = new TestVolume(node, 'data', { parameters: { pool: 'extra' } })
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
    await reboot(`extra: { path: ${disk.pool} }`)
    for (const page of ['/healthz', '/readyz']) {
      const [status, text] = await pages.get(page)
      expect(status).toBe(503)
      expect(text).toMatch(/^pool "extra": .*mount the disk/)
    }
    await disk.mount()
    expect(await pages.get('/readyz')).toEqual([200, 'ok\n'])
  })
})
