import { rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { fsTypes, type FsType } from '../../../src/volumes/model/ports/file-systems.ts'
import { describeRoot } from '../../root.ts'
import { runMain, TestNode } from '../../support/driver.ts'
import { allocated } from '../../support/images.ts'
import { nothing } from '../../support/leftovers.ts'
import { refusal } from '../../support/refusal.ts'
import { MiB, mountCapability, TestVolume } from '../../support/volume.ts'
import { tool } from '../../tool.ts'

const sizes: Record<FsType, number> = { ext4: 64 * MiB, xfs: 320 * MiB, btrfs: 256 * MiB }
const DATA_BYTES = 24 * MiB

describeRoot('discard', () => {
  let node: TestNode

  beforeAll(async () => {
    node = await TestNode.start({ args: ['--trim-interval', '1s'] })
  })

  afterAll(async () => {
    await using _cleared = node
    expect(await node.stop()).toEqual(nothing)
    expect(await node.files()).toEqual([])
  })

  let volumes = 0
  const volumeOf = (parameters: Record<string, string>, fsType: FsType = 'ext4'): TestVolume => {
    const [capability, bytes] = [mountCapability(fsType), sizes[fsType]]
    return new TestVolume(node, `data-${++volumes}`, { capability, bytes, parameters })
  }

  const trims = (volume: TestVolume) =>
    node.driver.log.filter((line) => line.msg === 'trimmed' && line['volume'] === volume.id)

  const trimmedBytes = (volume: TestVolume) =>
    trims(volume).reduce((sum, line) => sum + Number(line['trimmedBytes']), 0)

  describe.each(fsTypes)('with %s', (fsType) => {
    it('frees the blocks of deleted files at once when it is online', async () => {
      await using volume = await volumeOf({ discard: 'online' }, fsType).create()
      await volume.stage()
      expect(await options(volume.staging)).toContainEqual(expect.stringMatching(/^discard/))
      await expectBack(volume)
    })

    it('frees them periodically when it is periodic', async () => {
      await using volume = await volumeOf({ discard: 'periodic' }, fsType).create()
      await volume.stage()
      expect(await options(volume.staging)).not.toContainEqual(expect.stringMatching(/^discard/))
      await expectBack(volume)
      // The line in the log can come after the fact.
      for (let left = 100; trimmedBytes(volume) < DATA_BYTES / 2; left--) {
        expect(left).toBeGreaterThan(0)
        await setTimeout(100)
      }
    })

    it.each(['thin', 'thick'])('keeps them when it is none, and the volume %s', async (provisioning) => {
      await using volume = await volumeOf({ discard: 'none', provisioning }, fsType).create()
      await volume.stage()
      // What btrfs would do by itself it would do after two minutes.
      expect(await options(volume.staging)).not.toContainEqual(expect.stringMatching(/^discard/))
      const full = await fill(volume)
      await rm(join(volume.staging, 'data'))
      await tool('sync', '--file-system', volume.staging)
      expect(await allocated(volume.image)).toBeGreaterThanOrEqual(full)
    })
  })

  it('that is periodic begins and ends while the volume is in use', async () => {
    await using volume = await volumeOf({}).create()
    await volume.stage()
    await setTimeout(1500)
    expect(trims(volume)).toEqual([])
    await volume.modify({ discard: 'periodic' })
    await expectBack(volume)
    await volume.modify({ discard: 'none' })
    await volume.unstage()
    const before = trims(volume).length
    await volume.stage()
    await setTimeout(1500)
    expect(trims(volume)).toHaveLength(before)
  })

  it('that is online begins with the next stage', async () => {
    await using volume = await volumeOf({}).create()
    await volume.stage()
    await volume.modify({ discard: 'online' })
    expect(await options(volume.staging)).not.toContain('discard')
    await volume.unstage()
    await volume.stage()
    expect(await options(volume.staging)).toContain('discard')
  })

  it('leaves out volumes that are staged read-only', async () => {
    await using volume = await volumeOf({ discard: 'periodic' }).create()
    await volume.stage()
    await volume.unstage()
    const before = trims(volume).length
    await volume.stage(mountCapability('ext4', { mode: 'SINGLE_NODE_READER_ONLY' }))
    await setTimeout(1500)
    expect(trims(volume)).toHaveLength(before)
  })

  it.each(['online', 'periodic'])('that is %s is refused for thick volumes', async (discard) => {
    const both = new RegExp(`provisioning "thick" and discard "${discard}" contradict`)
    await expect(volumeOf({ provisioning: 'thick', discard }).create()).rejects.toMatchObject(
      refusal('INVALID_ARGUMENT', both),
    )
    await using thick = await volumeOf({ provisioning: 'thick' }).create()
    await expect(thick.modify({ discard })).rejects.toMatchObject(refusal('INVALID_ARGUMENT', both))
    await using thin = await volumeOf({ discard }).create()
    const { blocks } = await stat(thin.image)
    await expect(thin.modify({ provisioning: 'thick' })).rejects.toMatchObject(
      refusal('INVALID_ARGUMENT', both),
    )
    expect((await stat(thin.image)).blocks).toBe(blocks)
  })

  it('must be off before a mounted volume can become thick', async () => {
    await using volume = await volumeOf({ discard: 'online' }).create()
    await volume.stage()
    const changes = { provisioning: 'thick', discard: 'none' }
    await expect(volume.modify(changes)).rejects.toMatchObject(
      refusal('FAILED_PRECONDITION', /is mounted with discard at/),
    )
    await volume.unstage()
    await volume.modify(changes)
    await volume.stage()
    expect(await allocated(volume.image)).toBeGreaterThanOrEqual(sizes.ext4)
  })

  it.each(['', '5', '1d', '-1s', '481h'])('--trim-interval refuses %j', async (interval) => {
    await using other = await TestNode.make()
    const exit = await runMain(...other.arguments, '--trim-interval', interval)
    expect(exit).toMatchObject({ code: 1, stderr: expect.stringMatching(/--trim-interval.*30s, 15m or 1h/) })
  })
})

/** Writes, and returns the allocated bytes. */
async function fill(volume: TestVolume): Promise<number> {
  const data = Buffer.alloc(DATA_BYTES, 'some bytes that are no zeros')
  await writeFile(join(volume.staging, 'data'), data)
  await tool('sync', '--file-system', volume.staging)
  return await allocated(volume.image)
}

/** Writes, deletes, and waits until what was written is back in the pool. */
async function expectBack(volume: TestVolume): Promise<void> {
  const full = await fill(volume)
  expect(full).toBeGreaterThanOrEqual(DATA_BYTES)
  await rm(join(volume.staging, 'data'))
  for (let left = 100; (await allocated(volume.image)) > full - 0.75 * DATA_BYTES; left--) {
    if (left === 0) throw new Error(`${await allocated(volume.image)} of ${full} bytes are still allocated`)
    await tool('sync', '--file-system', volume.staging)
    await setTimeout(100)
  }
}

async function options(path: string): Promise<string[]> {
  return (await tool('findmnt', '--noheadings', '--output', 'OPTIONS', '--mountpoint', path)).split(',')
}
