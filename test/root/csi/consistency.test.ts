import { randomBytes } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { fsTypes, type FsType } from '../../../src/volumes/model/ports/file-systems.ts'
import { describeRoot } from '../../root.ts'
import { checks } from '../../support/check-filesystem.ts'
import { TestNode, type Disk } from '../../support/driver.ts'
import { nothing } from '../../support/leftovers.ts'
import { TestGroup, TestSnapshot } from '../../support/snapshot.ts'
import { GiB, MiB, mountCapability, TestVolume } from '../../support/volume.ts'
import { countRecords, Writer } from '../../support/writer.ts'

/** How often each case is tried: what is torn only now and then needs many rounds to be seen. */
const ROUNDS = Number(process.env['CONSISTENCY_ROUNDS'] ?? 3)
const SECONDS_PER_ROUND = 20

/** Records between two rounds. */
const PAUSE = 20

/** So that copying takes long enough for much to be written meanwhile. */
const ballast = randomBytes(24 * MiB)

const sizes: Record<FsType, number> = { ext4: 64 * MiB, xfs: 320 * MiB, btrfs: 256 * MiB }

const disks: [string, Disk | undefined][] = [
  ['that copies', undefined],
  ['that shares blocks', { type: 'xfs', bytes: 8 * GiB }],
]

describe.each(disks)('in a pool %s', (_, disk) => {
  describeRoot('a volume that is written all the time', () => {
    let node: TestNode

    beforeEach(async () => {
      node = await TestNode.start({ disk })
    })

    afterEach(async () => {
      await node[Symbol.asyncDispose]()
    })

    const volumeOf = (fsType: FsType, name: string): TestVolume =>
      new TestVolume(node, name, { capability: mountCapability(fsType), bytes: sizes[fsType] })

    /** Reads a copy of a volume as a restore does. @returns the records in it */
    async function recordsIn(copy: TestVolume, fsType: FsType): Promise<number> {
      // The log of an xfs is dirty by design, and is replayed by the first mount.
      if (fsType !== 'xfs') await checks[fsType](copy.image)
      await copy.stage()
      const count = await countRecords(copy.staging)
      await copy.unstage()
      await checks[fsType](copy.image)
      return count
    }

    it.each(fsTypes)(
      'has everything in its snapshots and clones that was acknowledged before: %s',
      async (fsType) => {
        const volume = await volumeOf(fsType, 'data').create()
        await volume.stage()
        await writeFile(join(volume.staging, 'ballast'), ballast)
        const capability = mountCapability(fsType)
        {
          await using writer = new Writer(volume.staging)
          for (let round = 0; round < ROUNDS; round++) {
            await writer.advance(PAUSE)
            const before = writer.acknowledged
            await using snapshot = await new TestSnapshot(node, `s-${round}`, volume).create()
            const between = writer.acknowledged
            const cloned = { capability, bytes: sizes[fsType], source: volume.asSource }
            await using clone = await new TestVolume(node, `c-${round}`, cloned).create()
            const after = writer.acknowledged
            const restored = { capability, bytes: sizes[fsType], source: snapshot.asSource }
            await using copy = await new TestVolume(node, `r-${round}`, restored).create()
            const inSnapshot = await recordsIn(copy, fsType)
            expect(inSnapshot).toBeGreaterThanOrEqual(before)
            // One is under way.
            expect(inSnapshot).toBeLessThanOrEqual(between + 1)
            const inClone = await recordsIn(clone, fsType)
            expect(inClone).toBeGreaterThanOrEqual(between)
            expect(inClone).toBeLessThanOrEqual(after + 1)
          }
        }
        await volume[Symbol.asyncDispose]()
        expect(await node.stop()).toEqual(nothing)
      },
      ROUNDS * SECONDS_PER_ROUND * 1000,
    )

    it(
      'is cut at one time with the others of its group',
      async () => {
        const volumes = fsTypes.map((fsType) => volumeOf(fsType, fsType))
        for (const volume of volumes) {
          await volume.create()
          await volume.stage()
          await writeFile(join(volume.staging, 'ballast'), ballast)
        }
        {
          await using writer = new Writer(...volumes.map(({ staging }) => staging))
          for (let round = 0; round < ROUNDS; round++) {
            await writer.advance(PAUSE)
            const before = writer.acknowledged
            await using group = await new TestGroup(node, `g-${round}`, volumes).create()
            const counts: number[] = []
            for (const [index, fsType] of fsTypes.entries()) {
              await using copy = await new TestVolume(node, `r-${round}-${fsType}`, {
                capability: mountCapability(fsType),
                bytes: sizes[fsType],
                source: {
                  snapshot: { snapshotId: group.snapshots[index]?.snapshotId ?? '' },
                  type: 'snapshot',
                },
              }).create()
              counts.push(await recordsIn(copy, fsType))
            }
            const [a = 0, b = 0, c = 0] = counts
            // The writer does them in this order, one number after the other.
            expect({ counts, inOrder: a >= b && b >= c && c >= a - 1 }).toEqual({ counts, inOrder: true })
            expect(c).toBeGreaterThanOrEqual(before)
          }
        }
        for (const volume of volumes) await volume[Symbol.asyncDispose]()
        expect(await node.stop()).toEqual(nothing)
      },
      ROUNDS * SECONDS_PER_ROUND * 1000,
    )
  })
})
