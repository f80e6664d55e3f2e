import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from '@jest/globals'
import { describeRoot } from '../../root.ts'
import type { TestDisk } from '../../support/disk.ts'
import type { TestNode } from '../../support/driver.ts'
import { healthOnDisk, healthOnNode, storageHealth } from '../../support/health.ts'
import type { Pages } from '../../support/pages.ts'
import { refusal } from '../../support/refusal.ts'
import { TestSnapshot } from '../../support/snapshot.ts'
import { MiB, TestVolume } from '../../support/volume.ts'
import { DiskWorld } from './disk-world.ts'

describeRoot('a pool whose disk became read-only after errors', () => {
  let world: DiskWorld
  let node: TestNode
  let disk: TestDisk
  let pages: Pages
  let used: TestVolume
  let unused: TestVolume

  beforeEach(async () => {
    world = await DiskWorld.start('errors=remount-ro')
    ;({ node, disk, pages } = world)
    used = await world.volume('used').create()
    unused = await world.volume('unused').create()
    await used.stage()
    await writeFile(join(await used.publish(), 'note'), 'kept', { flush: true })
    await writeFile(`/sys/fs/ext4/${await disk.deviceName()}/trigger_fs_error`, 'a test')
  })

  afterEach(async () => {
    await world[Symbol.asyncDispose]()
  })

  it('refuses a read-only use that would need a write, with the remedy', async () => {
    const { controller } = node.client
    const readOnly = refusal('UNAVAILABLE', /EROFS: .*\/disk\/pool\/.*mount it for writing$/)
    for (const call of [
      world.volume('new').create(),
      unused.stage(),
      unused.delete(),
      controller.controllerExpandVolume({ volumeId: used.id, capacityRange: { requiredBytes: 64 * MiB } }),
      controller.controllerModifyVolume({ volumeId: used.id, mutableParameters: { directIO: 'off' } }),
      new TestSnapshot(node, 'snapshot', used).create(),
    ])
      await expect(call).rejects.toMatchObject(readOnly)
    expect(await pages.calls('CreateVolume', 'UNAVAILABLE')).toBe(1)
    await takeDown()
  })

  it('is reported, and gets no new volumes', async () => {
    expect(await storageHealth(node)).toEqual(['STORAGE_DEGRADED PoolReadOnly'])
    expect(await healthOnDisk(node, unused.id)).toEqual(['DEGRADED PoolReadOnly'])
    expect(await healthOnNode(node, used, 'pod')).toEqual(['DEGRADED PoolReadOnly'])
    const room = await node.client.controller.getCapacity({ parameters: { pool: 'extra' } })
    expect(room.availableCapacity).toBe('0')
    const [status, text] = await pages.get('/readyz')
    expect(status).toBe(200)
    expect(text).toMatch(/^ok\nwarning: pool "extra": the file system of .* is read-only/)
    expect(await pages.get('/healthz')).toEqual([200, 'ok\n'])
    await node.client.identity.probe({})
    await takeDown()
  })

  it('can be read, and has no problem after a repair', async () => {
    expect(await readFile(join(used.target(), 'note'), 'utf8')).toBe('kept')
    await using _other = await new TestVolume(node, 'other').create()
    await takeDown()
    await node.driver.end('SIGTERM')
    await disk.unmount()
    await disk.repair()
    await disk.mount()
    await world.startDriver()
    expect(await storageHealth(node)).toEqual([])
    await used.stage()
    expect(await readFile(join(await used.publish(), 'note'), 'utf8')).toBe('kept')
    await used[Symbol.asyncDispose]()
    await unused[Symbol.asyncDispose]()
  })

  async function takeDown(): Promise<void> {
    await used.unpublish()
    await used.unstage()
    expect(await used.devices()).toEqual([])
  }
})
