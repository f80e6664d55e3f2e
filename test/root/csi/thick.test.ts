import { randomBytes } from 'node:crypto'
import { readFile, rm, statfs, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from '@jest/globals'
import { describeRoot } from '../../root.ts'
import { TestNode } from '../../support/driver.ts'
import { writeUntilFull } from '../../support/full-disk.ts'
import { refusal } from '../../support/refusal.ts'
import { Steps } from '../../support/seam/steps.ts'
import { TestGroup, TestSnapshot } from '../../support/snapshot.ts'
import { MiB, TestVolume, blockCapability, type Wishes } from '../../support/volume.ts'
import { tool } from '../../tool.ts'

const BYTES = 32 * MiB
const DISK_BYTES = 512 * MiB
const thick = { provisioning: 'thick' }

/** What a thick volume has been through. Each makes one that has been written. */
const lives: Readonly<Record<string, (node: TestNode) => Promise<TestVolume>>> = {
  'that was snapshotted': async (node) => {
    const volume = await written(node, 'source', { parameters: thick })
    await new TestSnapshot(node, 'snapshot', volume).create()
    return volume
  },
  'that was snapshotted with a group': async (node) => {
    const volume = await written(node, 'source', { parameters: thick })
    await new TestGroup(node, 'group', [volume, await written(node, 'other')]).create()
    return volume
  },
  'that was cloned to a thin one': async (node) => {
    const volume = await written(node, 'source', { parameters: thick })
    await make(node, 'clone', { source: volume.asSource })
    return volume
  },
  'that was restored': async (node) => {
    const snapshot = await new TestSnapshot(node, 'snapshot', await written(node, 'source')).create()
    return make(node, 'restored', { source: snapshot.asSource, parameters: thick })
  },
  'that was cloned from a thin one': async (node) => {
    const source = await written(node, 'source')
    return make(node, 'clone', { source: source.asSource, parameters: thick })
  },
  'that was thin while it was snapshotted': async (node) => {
    const volume = await written(node, 'source')
    await new TestSnapshot(node, 'snapshot', volume).create()
    await volume.unstage()
    await volume.modify(thick)
    return volume
  },
  'that was grown': async (node) => {
    const volume = await written(node, 'source', { parameters: thick })
    await volume.expand(2 * BYTES, volume.staging)
    return volume
  },
}

describeRoot('a thick volume', () => {
  let node: TestNode | undefined

  afterEach(() => node?.[Symbol.asyncDispose]())

  async function start(type: 'ext4' | 'xfs' | 'btrfs', config: string, withSteps = false): Promise<TestNode> {
    node = await TestNode.make({ type, bytes: DISK_BYTES })
    const path = join(node.path, 'config.yaml')
    await writeFile(path, config)
    await node.start({ args: ['--config', path], within: withSteps ? new Steps(node).within : [] })
    return node
  }

  describe.each(['ext4', 'xfs'] as const)('in a pool on %s', (type) => {
    it.each(Object.entries(lives))('%s can be overwritten when the disk is full', async (_, live) => {
      const started = await start(type, 'pools: { default: { overcommit: 10 } }')
      const volume = await live(started)
      await writeUntilFull(join(started.path, 'filler'))
      await overwrite(volume)
    })
  })

  it('that is mounted gets blocks of its own for those that it shares', async () => {
    const started = await start('xfs', 'pools: { default: { overcommit: 10 } }')
    const volume = await new TestVolume(started, 'mounted', { bytes: 2 * BYTES }).create()
    await volume.stage()
    const file = join(volume.staging, 'file')
    const content = randomBytes(BYTES)
    await writeFile(file, content, { flush: true })
    await new TestSnapshot(started, 'snapshot', volume).create()
    await volume.modify(thick)
    await writeUntilFull(join(started.path, 'filler'))
    await writeFile(file, content.reverse(), { flag: 'r+', flush: true })
    expect((await readFile(file)).equals(content)).toBe(true)
  })

  it('that grows while its snapshot is taken is complete in it', async () => {
    const started = await start('xfs', 'pools: { default: { overcommit: 10 } }', true)
    const volume = await written(started, 'source', { parameters: thick })
    const content = await readFile(volume.image)
    const steps = new Steps(started)
    // The first one is before there is anything in the copy.
    await steps.holdAt('FICLONERANGE 2')
    const snapshot = new TestSnapshot(started, 'snapshot', volume)
    const made = snapshot.create()
    await steps.reached()
    await volume.expand(2 * BYTES, volume.staging)
    await steps.release()
    await made
    expect((await readFile(snapshot.image)).subarray(0, BYTES).equals(content)).toBe(true)
  })

  it('with an ext4 is mounted so that no inode tables are zeroed, which would punch holes', async () => {
    const started = await start('ext4', 'pools: { default: {} }')
    const volume = await new TestVolume(started, 'mounted', { bytes: BYTES, parameters: thick }).create()
    await volume.stage()
    const options = await tool('findmnt', '--noheadings', '--output', 'OPTIONS', volume.staging)
    expect(options).toContain('noinit_itable')
  })

  it('needs free space for the blocks that it shares', async () => {
    const started = await start('xfs', 'pools: { default: { overcommit: 10 } }')
    const volume = await written(started, 'source')
    await new TestSnapshot(started, 'snapshot', volume).create()
    await volume.unstage()
    const filler = join(started.path, 'filler')
    const { bavail, bsize } = await statfs(started.path)
    await tool('fallocate', '--length', `${bavail * bsize - BYTES / 2}`, filler)
    await expect(volume.modify(thick)).rejects.toMatchObject(
      refusal('RESOURCE_EXHAUSTED', /no room to make it thick/),
    )
    await rm(filler)
    await volume.modify(thick)
  })

  it.each([
    ['btrfs, which takes new blocks for all that is written', 'btrfs', 'pools: { default: {} }'],
    ['a sparse image', 'ext4', 'pools: { default: { image: { size: 400Mi } } }'],
  ] as const)('is refused in a pool that is %s', async (_, type, config) => {
    const started = await start(type, config)
    const refused = refusal('INVALID_ARGUMENT', /^provisioning "thick": .*pool "default"/)
    await expect(make(started, 'thick', { parameters: thick })).rejects.toMatchObject(refused)
    const volume = await make(started, 'thin')
    await expect(volume.modify(thick)).rejects.toMatchObject(refused)
    const { availableCapacity } = await started.client.controller.getCapacity({ parameters: thick })
    expect(availableCapacity).toBe('0')
  })
})

function make(node: TestNode, name: string, wishes: Wishes = {}): Promise<TestVolume> {
  return new TestVolume(node, name, { capability: blockCapability(), bytes: BYTES, ...wishes }).create()
}

async function written(node: TestNode, name: string, wishes: Wishes = {}): Promise<TestVolume> {
  const volume = await make(node, name, wishes)
  await volume.stage()
  await overwrite(volume)
  return volume
}

/** All of it, to the disk. */
async function overwrite(volume: TestVolume): Promise<void> {
  await volume.stage()
  const [device = ''] = await volume.devices()
  await tool('shred', '--iterations=1', device)
  await tool('blockdev', '--flushbufs', device)
}
