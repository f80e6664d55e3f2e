import { copyFile, open, readFile, truncate } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { describeRoot } from '../../root.ts'
import { TestNode } from '../../support/driver.ts'
import { Dice, expectEqual, makeSparse } from '../../support/images.ts'
import { needless, tuplesOf, type Query, type Tuple } from '../../support/tuples.ts'
import { MiB, TestVolume, blockCapability, mountCapability } from '../../support/volume.ts'
import { tool } from '../../tool.ts'

describeRoot('the metadata of snapshots', () => {
  describe.each([
    ['a plain pool', false],
    ['a pool that shares blocks', true],
  ])('on %s', (_name, shares) => {
    let node: TestNode

    beforeAll(async () => {
      node = await TestNode.make()
      if (shares) await mountSharing(node)
      await node.start()
    })

    afterAll(async () => {
      await using _cleared = node
      const { devices, mounts } = await node.stop()
      // The disk under the pool is the test's own.
      expect(devices.filter((device) => !device.endsWith('/disk.xfs'))).toEqual([])
      expect(mounts).toHaveLength(shares ? 1 : 0)
    })

    const snapshotImage = (id: string) => join(node.dataDir, 'pools/default/snapshots', id, 'disk.img')

    const cut = async (volume: TestVolume, name: string): Promise<string> => {
      const request = { name: `${volume.name}-${name}`, sourceVolumeId: volume.id }
      return (await node.client.controller.createSnapshot(request)).snapshot?.snapshotId ?? ''
    }

    const allocated = (snapshotId: string, query: Query = {}) =>
      tuplesOf(node.client.snapshotMetadata.getMetadataAllocated({ snapshotId, ...query }), query)

    const delta = (baseSnapshotId: string, targetSnapshotId: string, query: Query = {}) =>
      tuplesOf(
        node.client.snapshotMetadata.getMetadataDelta({ baseSnapshotId, targetSnapshotId, ...query }),
        query,
      )

    /** What a backup program does: it copies the listed parts over its copy. */
    const restored = async (base: string | undefined, target: string, tuples: Tuple[]) => {
      const path = join(node.path, 'restored')
      const size = (await readFile(target)).length
      await tool('rm', '-f', path)
      if (base === undefined) await makeSparse(path, size)
      else await copyFile(base, path)
      await truncate(path, size)
      await using from = await open(target)
      await using to = await open(path, 'r+')
      for (const { offset, length } of tuples) {
        const { buffer } = await from.read(Buffer.alloc(length), 0, length, offset)
        await to.write(buffer, 0, length, offset)
      }
      return path
    }

    it('list where a snapshot of a file system has data', async () => {
      await using volume = await new TestVolume(node, 'files').create()
      await volume.stage()
      await tool('dd', 'if=/dev/urandom', `of=${volume.staging}/a`, 'bs=1M', 'count=5')
      const id = await cut(volume, 'a')
      const tuples = await allocated(id)
      expect(tuples.length).toBeGreaterThan(1)
      expect(sum(tuples)).toBeLessThan(16 * MiB)
      await expectEqual(await restored(undefined, snapshotImage(id), tuples), snapshotImage(id))
      await node.client.controller.deleteSnapshot({ snapshotId: id })
    })

    it('list exactly where two snapshots differ', async () => {
      await using volume = await new TestVolume(node, 'blocks', {
        capability: blockCapability(),
        bytes: 24 * MiB,
      }).create()
      const dice = new Dice(7)
      const ids: string[] = []
      for (const name of ['a', 'b', 'c']) {
        for (let i = 0; i < 12; i++) await dice.change(volume.image, 24 * MiB)
        ids.push(await cut(volume, name))
      }
      for (const [base = '', target = ''] of [
        [ids[0], ids[1]],
        [ids[0], ids[2]],
        // The other way round is a way back.
        [ids[2], ids[0]],
      ]) {
        const tuples = await delta(base, target)
        const [before, after] = [snapshotImage(base), snapshotImage(target)]
        await expectEqual(await restored(before, after, tuples), after)
        expect(await needless(before, after, tuples)).toEqual([])
      }
      expect(await delta(ids[0] ?? '', ids[0] ?? '')).toEqual([])
      for (const snapshotId of ids) await node.client.controller.deleteSnapshot({ snapshotId })
    })

    it('continue from the end of every tuple, and from any offset in between', async () => {
      await using volume = await new TestVolume(node, 'resumed', {
        capability: blockCapability(),
        bytes: 8 * MiB,
      }).create()
      const dice = new Dice(11)
      const change = async () => {
        for (let i = 0; i < 10; i++) await dice.change(volume.image, 8 * MiB)
      }
      await change()
      const base = await cut(volume, 'a')
      await change()
      const target = await cut(volume, 'b')
      for (const [ask, before] of [
        [(query: Query) => allocated(target, query), undefined],
        [(query: Query) => delta(base, target, query), snapshotImage(base)],
      ] as const) {
        const whole = await ask({ maxResults: 1 })
        expect(await ask({ maxResults: 3 })).toEqual(whole)
        for (const [index, { offset, length }] of whole.entries()) {
          expect(await ask({ startingOffset: offset + length })).toEqual(whole.slice(index + 1))
          expect(await ask({ startingOffset: offset })).toEqual(whole.slice(index))
          const middle = offset + Math.floor(length / 2)
          const rest = await ask({ startingOffset: middle, maxResults: 2 })
          expect(rest.every((tuple) => tuple.offset >= middle)).toBe(true)
          const first = [...whole.slice(0, index), { offset, length: middle - offset }]
          const path = await restored(before, snapshotImage(target), [...first, ...rest])
          await expectEqual(path, snapshotImage(target))
        }
      }
      for (const snapshotId of [base, target]) await node.client.controller.deleteSnapshot({ snapshotId })
    })

    it('list what has grown between two snapshots', async () => {
      await using volume = await new TestVolume(node, 'grown', {
        capability: mountCapability('ext4'),
      }).create()
      const small = await cut(volume, 'small')
      await node.client.controller.controllerExpandVolume({
        volumeId: volume.id,
        capacityRange: { requiredBytes: 48 * MiB },
      })
      await using image = await open(volume.image, 'r+')
      await image.write(Buffer.alloc(5000, 1), 0, 5000, 40 * MiB)
      const large = await cut(volume, 'large')
      const tuples = await delta(small, large)
      await expectEqual(
        await restored(snapshotImage(small), snapshotImage(large), tuples),
        snapshotImage(large),
      )
      expect(await delta(large, small)).toEqual([])
      const call = node.client.snapshotMetadata.getMetadataDelta({
        baseSnapshotId: small,
        targetSnapshotId: large,
      })
      for await (const { volumeCapacityBytes } of call) expect(volumeCapacityBytes).toBe(`${48 * MiB}`)
      for (const snapshotId of [small, large]) await node.client.controller.deleteSnapshot({ snapshotId })
    })
  })
})

function sum(tuples: Tuple[]): number {
  return tuples.reduce((total, { length }) => total + length, 0)
}

/** Puts the data directory onto an xfs, where clones share their blocks. */
async function mountSharing(node: TestNode): Promise<void> {
  const disk = join(node.path, 'disk.xfs')
  await makeSparse(disk, 512 * MiB)
  await tool('mkfs.xfs', '-q', disk)
  await tool('mount', '-o', 'loop', disk, await node.directory('data'))
}
