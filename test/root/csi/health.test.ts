import { readdir, rename, rm, truncate, writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { describeRoot } from '../../root.ts'
import { TestDisk } from '../../support/disk.ts'
import { TestNode } from '../../support/driver.ts'
import { complaints, healthOnDisk, healthOnNode, storageHealth } from '../../support/health.ts'
import { PodVolume } from '../../support/pod-volume.ts'
import { refusal } from '../../support/refusal.ts'
import { useTestNodePerTest } from '../../support/use-test-node.ts'
import { MiB, TestVolume, blockCapability, mountCapability } from '../../support/volume.ts'
import { tool } from '../../tool.ts'

describeRoot('the health of volumes', () => {
  let node: TestNode
  useTestNodePerTest((started) => (node = started))

  const inUse = async (capability = mountCapability(), bytes = 32 * MiB): Promise<TestVolume> => {
    const volume = await new TestVolume(node, 'data', { capability, bytes }).create()
    await volume.stage()
    await volume.publish()
    return volume
  }

  it.each([
    ['mount', mountCapability()],
    ['block', blockCapability()],
    ['read-only', mountCapability('', { mode: 'SINGLE_NODE_READER_ONLY' })],
  ])('has nothing to complain of a %s volume that is well', async (kind, capability) => {
    await using volume = await new TestVolume(node, 'data', { capability }).create()
    expect(await healthOnDisk(node, volume.id)).toEqual([])
    // The first stage formats it.
    await volume.stage(kind === 'read-only' ? mountCapability() : capability)
    if (kind === 'read-only') {
      await volume.unstage()
      await volume.stage()
    }
    await volume.publish()
    expect(await healthOnNode(node, volume, 'pod')).toEqual([])
  })

  // In use or not, noticed without a restart; and the volume can be taken down.
  it.each<[string, (volume: TestVolume) => Promise<unknown>, string]>([
    ['is missing', (volume) => rm(volume.image), 'DATA_LOSS ImageMissing'],
    ['has lost its end', (volume) => truncate(volume.image, 16 * MiB), 'DATA_LOSS ImageShrunk'],
    [
      'is missing with its directory',
      (volume) => rm(volume.directory, { recursive: true }),
      'DATA_LOSS ImageMissing',
    ],
  ])('an image that %s', async (_, harm, expected) => {
    const volume = await inUse(blockCapability())
    await harm(volume)
    expect(await healthOnDisk(node, volume.id)).toEqual([expected])
    expect(await healthOnNode(node, volume, 'pod')).toEqual([expected])
    await volume.unpublish()
    await volume.unstage()
  })

  it('a file system that became read-only after errors', async () => {
    await using volume = await inUse()
    const [device = ''] = await volume.devices()
    await writeFile(`/sys/fs/ext4/${basename(device)}/trigger_fs_error`, 'a test')
    expect(await healthOnNode(node, volume, 'pod')).toEqual(['DEGRADED FileSystemReadOnly'])
    expect(await healthOnDisk(node, volume.id)).toEqual([])
    // After the next stage it is checked, and has no problem.
    await volume.unpublish()
    await volume.unstage()
    await volume.stage()
    expect(await healthOnNode(node, volume)).toEqual([])
  })

  it('a file system that has shut down', async () => {
    await using volume = await inUse(mountCapability('xfs'), 320 * MiB)
    await tool('xfs_io', '-x', '-c', 'shutdown', volume.staging)
    expect(await healthOnNode(node, volume, 'pod')).toEqual(['INACCESSIBLE FileSystemShutDown'])
  })

  it('a raw block volume whose device was detached manually', async () => {
    await using volume = await inUse(blockCapability())
    const [device = ''] = await volume.devices()
    await tool('losetup', '--detach', device)
    expect(await healthOnNode(node, volume, 'pod')).toEqual(['INACCESSIBLE DeviceLost'])
  })

  it('a volume whose image was replaced while it is in use', async () => {
    await using volume = await inUse()
    await tool('cp', '--sparse=always', volume.image, `${volume.image}.restored`)
    await rename(`${volume.image}.restored`, volume.image)
    expect(await healthOnNode(node, volume, 'pod')).toEqual(['INACCESSIBLE DeviceLost'])
  })

  it('a volume that was unmounted manually', async () => {
    await using volume = await inUse()
    await tool('umount', volume.target())
    expect(await healthOnNode(node, volume, 'pod')).toEqual(['INACCESSIBLE NotMounted'])
    expect(await healthOnNode(node, volume)).toEqual([])
  })

  it('a device that has not grown with its image', async () => {
    await using volume = await inUse(blockCapability())
    await node.driver.end('SIGKILL')
    await truncate(volume.image, 64 * MiB)
    await node.start()
    expect(await healthOnNode(node, volume, 'pod')).toEqual(['DEGRADED DeviceTooSmall'])
    await volume.expand(64 * MiB, volume.target())
    const { id: volumeId } = volume
    await node.client.node.nodeExpandVolume({ volumeId, volumePath: volume.target() })
    expect(await healthOnNode(node, volume, 'pod')).toEqual([])
  })

  it('is listed in pages, with the damaged ones', async () => {
    const volumes = await Promise.all([0, 1, 2, 3, 4].map((i) => new TestVolume(node, `data-${i}`).create()))
    const [broken, incomplete] = volumes as [TestVolume, TestVolume]
    await node.driver.end('SIGKILL')
    await writeFile(join(broken.directory, 'volume.json'), '{')
    await rm(incomplete.image)
    await node.start()
    const found = new Map<string, string[]>()
    const sizes: number[] = []
    let startingToken = ''
    do {
      const request = { maxEntries: 2, startingToken }
      const { entries, nextToken } = await node.client.controller.controllerListVolumeHealth(request)
      for (const entry of entries) found.set(entry.volumeId, complaints(entry))
      sizes.push(entries.length)
      startingToken = nextToken
    } while (startingToken !== '')
    expect(sizes).toEqual([2, 2, 1])
    expect(found).toEqual(
      new Map<string, string[]>([
        ...volumes.map(({ id }) => [id, []] as [string, string[]]),
        [broken.id, ['INACCESSIBLE VolumeDamaged']],
        [incomplete.id, ['DATA_LOSS ImageMissing']],
      ]),
    )
  })

  it('is refused for what is no volume, no path or no token', async () => {
    const { controller, node: nodeClient } = node.client
    const unknown = { volumeId: 'fake-vol-id' }
    await expect(controller.controllerGetVolumeHealth(unknown)).rejects.toMatchObject(
      refusal('NOT_FOUND', /fake/),
    )
    await expect(nodeClient.nodeGetVolumeHealth(unknown)).rejects.toMatchObject(refusal('NOT_FOUND', /fake/))
    const none = refusal('INVALID_ARGUMENT', /volume_id is required/)
    await expect(controller.controllerGetVolumeHealth({})).rejects.toMatchObject(none)
    await expect(nodeClient.nodeGetVolumeHealth({})).rejects.toMatchObject(none)
    const relative = { ...unknown, volumePublishPath: 'some/path' }
    await expect(nodeClient.nodeGetVolumeHealth(relative)).rejects.toMatchObject(
      refusal('INVALID_ARGUMENT', /volume_publish_path/),
    )
    const list = controller.controllerListVolumeHealth({ startingToken: 'invalid-token' })
    await expect(list).rejects.toMatchObject(refusal('ABORTED', /starting_token/))
  })
})

describeRoot('the health of the storage', () => {
  let node: TestNode
  let args: string[]
  let disk: TestDisk

  beforeEach(async () => {
    node = await TestNode.make()
    disk = await TestDisk.make(node, 256 * MiB)
    const config = join(node.path, 'config.yaml')
    await writeFile(config, `pools: { default: {}, extra: { path: ${disk.pool}, inline: { maxSize: 1Gi } } }`)
    args = ['--config', config]
    await node.start({ args })
  })

  afterEach(async () => {
    await node[Symbol.asyncDispose]()
  })

  const inExtra = (name: string, bytes = 32 * MiB): TestVolume =>
    new TestVolume(node, name, { bytes, parameters: { pool: 'extra', provisioning: 'thick' } })

  it('has no problem, then is nearly full', async () => {
    expect(await storageHealth(node)).toEqual([])
    const { availableCapacity } = await node.client.controller.getCapacity({
      parameters: { pool: 'extra', provisioning: 'thick' },
    })
    await inExtra('large', Math.floor((0.97 * Number(availableCapacity)) / MiB) * MiB).create()
    // A measurement may be ten seconds old.
    await node.crash({ args })
    expect(await storageHealth(node)).toEqual(['STORAGE_DEGRADED PoolNearlyFull'])
    await node.client.identity.probe({})
  })

  it('reports a read-only disk', async () => {
    await tool('mount', '-o', 'remount,ro', disk.path)
    expect(await storageHealth(node)).toEqual(['STORAGE_DEGRADED PoolReadOnly'])
  })

  describe('with a disk that is not mounted', () => {
    let kept: TestVolume

    beforeEach(async () => {
      kept = await inExtra('kept').create()
      const inline = await new PodVolume(node, 'inline', {
        attributes: { pool: 'extra', size: '32Mi' },
      }).publish()
      await node.driver.end('SIGKILL')
      await tool('umount', inline.target)
      await disk.unmount()
      await node.start({ args })
    })

    it('serves the other pools and says so, until the disk is back', async () => {
      expect(await storageHealth(node)).toEqual(['STORAGE_UNREACHABLE PoolNotMounted'])
      expect(await healthOnDisk(node, kept.id)).toEqual(['INACCESSIBLE PoolUnreachable'])
      await node.client.identity.probe({})
      await using _other = await new TestVolume(node, 'other').create()

      await disk.mount()
      expect(await storageHealth(node)).toEqual([])
      expect(await healthOnDisk(node, kept.id)).toEqual([])
      // Of the two, the one that lived with a pod is cleared away, as it would have been at the start.
      const names = await readdir(join(disk.pool, 'volumes'))
      expect(names.filter((name) => !name.startsWith('.'))).toEqual([kept.id])
      await kept.delete()
    })

    it('never treats its volumes as deleted, and never creates others in its place', async () => {
      const unavailable = refusal('UNAVAILABLE', /pool "extra": .*mount the disk/)
      await expect(kept.delete()).rejects.toMatchObject(unavailable)
      await expect(kept.stage()).rejects.toMatchObject(unavailable)
      await expect(inExtra('new').create()).rejects.toMatchObject(unavailable)
      await expect(kept.create()).rejects.toMatchObject(unavailable)
      const capacity = await node.client.controller.getCapacity({ parameters: { pool: 'extra' } })
      expect(capacity.availableCapacity).toBe('0')
      await kept.unstage()
    })
  })

  it('fails the probe only when no pool is left', async () => {
    await node.driver.end('SIGKILL')
    await disk.unmount()
    const config = join(node.path, 'one.yaml')
    await writeFile(config, `pools: { extra: { path: ${disk.pool} } }`)
    await node.start({ args: ['--config', config] })
    const failed = refusal('FAILED_PRECONDITION', /pool "extra".*mount the disk/)
    await expect(node.client.identity.probe({})).rejects.toMatchObject(failed)
  })
})
