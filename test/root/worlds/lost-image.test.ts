import { rm, truncate, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { describeRoot } from '../../root.ts'
import { TestNode } from '../../support/driver.ts'
import { healthOnDisk, healthOnNode, storageHealth } from '../../support/health.ts'
import { nothing } from '../../support/leftovers.ts'
import { Pages } from '../../support/pages.ts'
import { refusal } from '../../support/refusal.ts'
import { TestSnapshot } from '../../support/snapshot.ts'
import { MiB, TestVolume } from '../../support/volume.ts'

const SIZE = 64 * MiB

describeRoot('a mounted volume whose image', () => {
  describe.each<[string, (volume: TestVolume) => Promise<void>, RegExp, string]>([
    ['was deleted', (volume) => rm(volume.image), /its image .* is missing/, 'ImageMissing'],
    ['was cut off', (volume) => truncate(volume.image, SIZE / 4), /the image has \d+ bytes/, 'ImageShrunk'],
  ])('%s', (_, harm, what, reason) => {
    let node: TestNode
    let pages: Pages
    let volume: TestVolume

    beforeEach(async () => {
      node = await TestNode.make()
      pages = await Pages.make()
      await node.start({ args: pages.args })
      volume = await new TestVolume(node, 'data', { bytes: SIZE }).create()
      await volume.stage()
      await writeFile(join(await volume.publish(), 'note'), Buffer.alloc(MiB, 'x'), { flush: true })
      await harm(volume)
    })

    afterEach(async () => {
      await using _cleared = node
      // Also what is damaged can be taken down and deleted.
      await volume[Symbol.asyncDispose]()
      expect(await node.stop()).toEqual(nothing)
      expect(await node.files()).toEqual([])
      expect(await node.files('default', 'snapshots')).toEqual([])
    })

    it('is refused, and not covered up', async () => {
      const { controller, node: nodeService } = node.client
      const volumeId = volume.id
      const damaged = refusal(
        'FAILED_PRECONDITION',
        new RegExp(`^volume "${volumeId}": ${what.source}.*; restore it from a snapshot or a backup$`),
      )
      for (const call of [
        () => volume.stage(),
        () => volume.publish(),
        () => nodeService.nodeGetVolumeStats({ volumeId, volumePath: volume.target() }),
        () => volume.expand(2 * SIZE, volume.target()),
        () => controller.controllerModifyVolume({ volumeId, mutableParameters: { provisioning: 'thick' } }),
        () => new TestSnapshot(node, 'snapshot', volume).create(),
        () => new TestVolume(node, 'clone', { bytes: SIZE, source: volume.asSource }).create(),
      ])
        await expect(call()).rejects.toMatchObject(damaged)
      expect(await healthOnDisk(node, volumeId)).toEqual([`DATA_LOSS ${reason}`])
      expect(await pages.calls('ControllerExpandVolume', 'FAILED_PRECONDITION')).toBe(1)
      await volume.unpublish()
      await volume.unstage()
      await expect(volume.stage()).rejects.toMatchObject(damaged)
      expect(await volume.devices()).toEqual([])
    })

    it('does not affect others', async () => {
      expect(await healthOnNode(node, volume, 'pod')).toEqual([`DATA_LOSS ${reason}`])
      expect(await storageHealth(node)).toEqual([])
      expect(await pages.get('/readyz')).toEqual([200, 'ok\n'])
      await using other = await new TestVolume(node, 'other').create()
      await other.stage()
      await other.publish()
    })
  })

  it('is missing at the start counts as deleted as soon as its directory is removed, and not before', async () => {
    await using node = await TestNode.start()
    const volume = await new TestVolume(node, 'data', { bytes: SIZE }).create()
    await rm(volume.image)
    await node.crash()
    const request = { volumeId: volume.id }
    await expect(node.client.controller.deleteVolume(request)).rejects.toMatchObject(
      refusal('FAILED_PRECONDITION', /its image .* is missing/),
    )
    await rm(dirname(volume.image), { recursive: true })
    await node.client.controller.deleteVolume(request)
    await volume.create()
    await volume.delete()
    expect(await node.stop()).toEqual(nothing)
  })
})
