import { readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from '@jest/globals'
import { describeRoot } from '../../root.ts'
import type { TestDisk } from '../../support/disk.ts'
import type { TestNode } from '../../support/driver.ts'
import { healthOnNode, storageHealth } from '../../support/health.ts'
import type { Pages } from '../../support/pages.ts'
import { refusal } from '../../support/refusal.ts'
import { MiB, TestVolume } from '../../support/volume.ts'
import { tool } from '../../tool.ts'
import { DiskWorld } from './disk-world.ts'

describeRoot('a pool whose disk other programs have filled, where writes then fail', () => {
  let world: DiskWorld
  let node: TestNode
  let disk: TestDisk
  let pages: Pages
  let used: TestVolume
  let unused: TestVolume

  beforeEach(async () => {
    world = await DiskWorld.make()
    await world.configureExtra('whenFull: fail', 'default: {}')
    await world.startDriver()
    ;({ node, disk, pages } = world)
    used = await world.volume('used').create()
    unused = await world.volume('unused').create()
    await used.stage()
    await writeFile(join(await used.publish(), 'note'), 'kept', { flush: true })
    await fillUp()
  })

  afterEach(async () => {
    await using _ended = world
    for (const volume of [used, unused]) await volume[Symbol.asyncDispose]()
  })

  const filler = (): string => join(disk.path, 'filler')

  /** To the last block: first by large pieces, then by small ones. */
  async function fillUp(): Promise<void> {
    const script = 'for size in 1M 4k; do dd if=/dev/zero bs=$size >>"$1" 2>/dev/null || sync -f "$1"; done'
    await tool('sh', '-c', script, 'sh', filler())
  }

  it('refuses what needs space, with the right code', async () => {
    const full = refusal('RESOURCE_EXHAUSTED', /pool "extra": the disk under .* is full; delete volumes/)
    // mkfs sees only an I/O error.
    await expect(unused.stage()).rejects.toMatchObject(full)
    expect(await unused.devices()).toEqual([])
    await expect(world.volume('new').create()).rejects.toMatchObject(
      refusal('RESOURCE_EXHAUSTED', /pool "extra"(: the disk under .* is full| has .* for thin volumes)/),
    )
    expect(await pages.calls('NodeStageVolume', 'RESOURCE_EXHAUSTED')).toBe(1)
  })

  it('refuses later callers at once', async () => {
    await expect(unused.stage()).rejects.toThrow()
    expect(await storageHealth(node)).toEqual(['STORAGE_DEGRADED PoolNearlyFull'])
    const room = await node.client.controller.getCapacity({ parameters: { pool: 'extra' } })
    expect(room.availableCapacity).toBe('0')
    const [status, text] = await pages.get('/readyz')
    expect(status).toBe(200)
    expect(text).toMatch(/^ok\nwarning: pool "extra": .* delete volumes and snapshots/)
    expect((await pages.get('/metrics'))[1]).toMatch(
      /^csi_driver_loop_pool_free_bytes\{pool="extra"\} \d{1,5}$/m,
    )
    await node.client.identity.probe({})
    await using _other = await new TestVolume(node, 'other').create()
  })

  it('keeps its data, and accepts more when there is space again', async () => {
    const more = (): Promise<void> =>
      writeFile(join(used.target(), 'more'), Buffer.alloc(8 * MiB, 'x'), { flush: true })
    await expect(more()).rejects.toThrow()
    expect(await readFile(join(used.target(), 'note'), 'utf8')).toBe('kept')
    await rm(filler())
    await used.unpublish()
    await used.unstage()
    await used.stage()
    await used.publish()
    await more()
    expect(await readFile(join(used.target(), 'note'), 'utf8')).toBe('kept')
    expect(await healthOnNode(node, used, 'pod')).toEqual([])
    await unused.stage()
  })
})
