import { open, readFile, rm, stat, statfs, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals'
import { fsTypes } from '../../../src/volumes/model/ports/file-systems.ts'
import { describeRoot } from '../../root.ts'
import { TestNode, type NodeOptions } from '../../support/driver.ts'
import { nothing } from '../../support/leftovers.ts'
import { PodVolume } from '../../support/pod-volume.ts'
import { refusal } from '../../support/refusal.ts'
import { blockCapability, MiB, mountCapability, TestVolume } from '../../support/volume.ts'
import { tool } from '../../tool.ts'

/** Volumes that are there, not those on their way out. */
async function made(node: TestNode): Promise<string[]> {
  return (await node.files()).filter((name) => !name.startsWith('.'))
}

describeRoot('an inline ephemeral volume', () => {
  let node: TestNode

  beforeAll(async () => {
    node = await TestNode.make()
    const config = join(node.path, 'config.yaml')
    await writeFile(
      config,
      'pools: { default: { size: 1Gi, inline: { maxSize: 4Gi } }, fast: { inline: { maxSize: 512Mi } }, closed: {} }',
    )
    await node.start({ args: ['--config', config] })
  })

  afterAll(async () => {
    await using _cleared = node
    expect(await node.stop()).toEqual(nothing)
    expect(await node.files()).toEqual([])
  })

  let volumes = 0
  const volumeOf = (attributes: Record<string, string> = {}, wishes: object = {}): PodVolume =>
    new PodVolume(node, `pod-${++volumes}`, { attributes, ...wishes })

  const mountOf = async (volume: PodVolume) =>
    (
      await tool('findmnt', '--noheadings', '--output', 'FSTYPE,OPTIONS', '--mountpoint', volume.target)
    ).split(/\s+/)

  it.each(fsTypes)('with %s exists from publish to unpublish', async (fsType) => {
    const volume = await volumeOf({ size: '400Mi', fsType }).publish()
    await writeFile(join(volume.target, 'note'), 'kept')
    expect((await mountOf(volume))[0]).toBe(fsType)
    await volume.publish()
    expect(await readFile(join(volume.target, 'note'), 'utf8')).toBe('kept')
    await volume.unpublish()
    await expect(stat(volume.target)).rejects.toMatchObject({ code: 'ENOENT' })
    expect(await made(node)).toEqual([])
    await volume.unpublish()
  })

  it('holds no more than its size', async () => {
    await using volume = await volumeOf({ size: '32Mi' }).publish()
    const { blocks, bsize } = await statfs(volume.target)
    expect(blocks * bsize).toBeLessThanOrEqual(32 * MiB)
    await using file = await open(join(volume.target, 'big'), 'w')
    const write = async () => {
      for (let i = 0; i < 32; i++) await file.write(Buffer.alloc(MiB, 'x'))
    }
    await expect(write()).rejects.toMatchObject({ code: 'ENOSPC' })
  })

  it('has 1 GiB of ext4 by default', async () => {
    await using volume = await volumeOf().publish()
    const [name = ''] = await made(node)
    const image = join(node.dataDir, 'pools/default/volumes', name, 'disk.img')
    expect((await stat(image)).size).toBe(1024 * MiB)
    expect((await mountOf(volume))[0]).toBe('ext4')
  })

  it('can be in another pool, and be of the file system that the capability names', async () => {
    const capability = mountCapability('btrfs', { mountFlags: ['noatime'] })
    await using volume = await volumeOf({ pool: 'fast' }, { capability }).publish()
    expect(await made(node)).toEqual([])
    expect(await node.files('fast')).toHaveLength(1)
    expect(await mountOf(volume)).toEqual(['btrfs', expect.stringMatching(/noatime/)])
  })

  it('can be read-only, empty as it is', async () => {
    await using volume = await volumeOf({}, { readonly: true }).publish()
    await expect(writeFile(join(volume.target, 'note'), '')).rejects.toMatchObject({ code: 'EROFS' })
    await volume.publish()
    await expect(volume.publish({ readonly: false })).rejects.toMatchObject(
      refusal('ALREADY_EXISTS', /read-only already/),
    )
  })

  it("is measured under the kubelet's name, and never listed", async () => {
    await using volume = await volumeOf({ size: '64Mi' }).publish()
    const { blocks, bsize } = await statfs(volume.target)
    const request = { volumeId: volume.id, volumePath: volume.target }
    const { usage } = await node.client.node.nodeGetVolumeStats(request)
    expect(usage).toMatchObject([{ unit: 'BYTES', total: `${blocks * bsize}` }, { unit: 'INODES' }])
    expect((await node.client.controller.listVolumes({})).entries).toEqual([])
    await expect(
      node.client.node.nodeGetVolumeStats({ ...request, volumePath: node.path }),
    ).rejects.toMatchObject(refusal('NOT_FOUND', /is not at volume_path/))
  })

  it('differs from a persistent volume of that name', async () => {
    await using volume = await volumeOf({ size: '32Mi' }).publish()
    await using persistent = await new TestVolume(node, volume.id).create()
    expect(await made(node)).toHaveLength(2)
    await persistent.stage()
    await persistent.publish()
    await volume.unpublish()
    expect(await made(node)).toEqual([persistent.id])
  })

  it('counts as provisioned in its pool', async () => {
    await expect(volumeOf({ size: '2Gi' }).publish()).rejects.toMatchObject(
      refusal('RESOURCE_EXHAUSTED', /pool "default" has/),
    )
  })

  it.each([
    ['an unknown attribute', { colour: 'red' }, {}, /"colour" is unknown; known are size, fsType, pool/],
    ['a parameter of classes', { provisioning: 'thick' }, {}, /"provisioning" is unknown/],
    ['a bad size', { size: 'big' }, {}, /size is "big"/],
    ['an unknown pool', { pool: 'moon' }, {}, /pool "moon"/],
    [
      'more than its pool allows',
      { pool: 'fast', size: '513Mi' },
      {},
      /size is 513 MiB.*pool "fast" have at most 512 MiB/,
    ],
    ['an unknown file system', { fsType: 'zfs' }, {}, /fsType is "zfs"/],
    ['two file systems', { fsType: 'xfs' }, { capability: mountCapability('ext4') }, /ext4 and xfs/],
    ['block access', {}, { capability: blockCapability() }, /access type block/],
    ['no capability', {}, { capability: null }, /volume_capability is required/],
  ])('is refused with %s', async (_what, attributes, wishes, words) => {
    const volume = volumeOf(attributes, wishes)
    await expect(volume.publish()).rejects.toMatchObject(refusal('INVALID_ARGUMENT', words))
    expect(await made(node)).toEqual([])
    expect(await volume.isMounted()).toBe(false)
  })

  it('is refused by a pool whose operator has not allowed it', async () => {
    const volume = volumeOf({ pool: 'closed', size: '1Mi' })
    await expect(volume.publish()).rejects.toMatchObject(
      refusal('FAILED_PRECONDITION', /pool "closed" allows no inline volumes; .*inline\.maxSize/),
    )
    expect(await node.files('closed')).toEqual([])
    expect(await volume.isMounted()).toBe(false)
  })

  it('has at most the size that its pool allows when none is requested', async () => {
    await using volume = await volumeOf({ pool: 'fast' }).publish()
    const { blocks, bsize } = await statfs(volume.target)
    expect(blocks * bsize).toBeLessThanOrEqual(512 * MiB)
  })

  it('leaves nothing when the kernel refuses to mount it', async () => {
    const volume = volumeOf({}, { capability: mountCapability('', { mountFlags: ['nonsense=1'] }) })
    await expect(volume.publish()).rejects.toMatchObject({ details: expect.stringMatching(/nonsense=1/) })
    expect(await made(node)).toEqual([])
    await expect(stat(volume.target)).rejects.toMatchObject({ code: 'ENOENT' })
  })
})

describeRoot('an inline ephemeral volume, when the driver is killed', () => {
  let node: TestNode
  let options: NodeOptions

  beforeEach(async () => {
    node = await TestNode.make()
    const config = join(node.path, 'config.yaml')
    await writeFile(config, 'pools: { default: { inline: { maxSize: 1Gi } } }')
    options = { args: ['--config', config] }
    await node.start(options)
  })

  afterEach(() => node[Symbol.asyncDispose]())

  it('stays while it is mounted, and can be unpublished', async () => {
    const volume = await new PodVolume(node, 'pod', { attributes: { size: '32Mi' } }).publish()
    await writeFile(join(volume.target, 'note'), 'kept')
    await node.crash(options)
    await volume.publish()
    expect(await readFile(join(volume.target, 'note'), 'utf8')).toBe('kept')
    await node.crash(options)
    await volume.unpublish()
    expect(await node.stop()).toEqual(nothing)
    expect(await node.files()).toEqual([])
  })

  const damages: Record<string, (directory: string) => Promise<void>> = {
    'record is torn': (directory) => truncate(join(directory, 'volume.json'), 10),
    'record is gone': (directory) => rm(join(directory, 'volume.json')),
    'image is gone': (directory) => rm(join(directory, 'disk.img')),
    'image is cut off': (directory) => truncate(join(directory, 'disk.img'), MiB),
  }

  it.each(Object.entries(damages))('ends with its pod although its %s', async (_name, damage) => {
    const volume = await new PodVolume(node, 'pod', { attributes: { size: '32Mi' } }).publish()
    const [directory = ''] = await made(node)
    const persistent = await new TestVolume(node, 'data').create()
    await node.driver.end('SIGKILL')
    for (const id of [directory, persistent.id])
      await damage(join(node.dataDir, 'pools', 'default', 'volumes', id))
    await node.start(options)
    await volume.unpublish()
    expect(await volume.isMounted()).toBe(false)
    await expect(stat(volume.target)).rejects.toMatchObject({ code: 'ENOENT' })
    await volume.unpublish()
    expect(await node.stop()).toEqual(nothing)
    // A persistent volume with the same damage stays for its repair.
    expect(await node.files()).toEqual([persistent.id])
  })

  it('and is deleted at the next start after a reboot', async () => {
    const volume = await new PodVolume(node, 'pod', { attributes: { size: '32Mi' } }).publish()
    await writeFile(join(volume.target, 'note'), 'lost')
    const persistent = await new TestVolume(node, 'data').create()
    await node.driver.end('SIGKILL')
    await tool('umount', volume.target)
    await node.start(options)
    expect(await made(node)).toEqual([persistent.id])
    await volume.publish()
    await expect(stat(join(volume.target, 'note'))).rejects.toMatchObject({ code: 'ENOENT' })
    await volume.unpublish()
    await persistent.delete()
    expect(await node.stop()).toEqual(nothing)
  })

  describe.each(['publish', 'unpublish'] as const)('in the middle of %s', (step) => {
    it.each([0, 3, 6, 9, 13, 18, 25, 40])('after %i ms', async (ms) => {
      const volume = new PodVolume(node, 'pod', { attributes: { size: '32Mi' } })
      if (step === 'unpublish') await volume.publish()
      const call = volume[step]().catch(() => undefined)
      await setTimeout(ms)
      await node.crash(options)
      await call
      // Nobody asks for it again, and the machine goes down: the next start has to clear it away.
      if (ms % 2 === 0) {
        await node.driver.end('SIGKILL')
        if (await volume.isMounted()) await tool('umount', volume.target)
        await node.start(options)
        expect(await made(node)).toEqual([])
      }
      expect(await made(node)).toHaveLength((await volume.isMounted()) ? 1 : 0)
      if (step === 'publish') {
        await volume.publish()
        expect(await made(node)).toHaveLength(1)
      }
      await volume.unpublish()
      expect(await node.stop()).toEqual(nothing)
      expect(await node.files()).toEqual([])
    })
  })
})
