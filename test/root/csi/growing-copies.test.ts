import { createHash, randomBytes } from 'node:crypto'
import { open, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from '@jest/globals'
import type { VolumeContentSourceInit } from '../../../src/csi/generated/csi/v1/VolumeContentSource.ts'
import type { FsType } from '../../../src/volumes/model/ports/file-systems.ts'
import { describeRoot } from '../../root.ts'
import type { TestNode } from '../../support/driver.ts'
import { nothing } from '../../support/leftovers.ts'
import { refusal } from '../../support/refusal.ts'
import type { Steps } from '../../support/seam/steps.ts'
import { TestGroup, TestSnapshot } from '../../support/snapshot.ts'
import { useTestNodeWithSteps } from '../../support/use-test-node.ts'
import { blockCapability, GiB, MiB, mountCapability, TestVolume } from '../../support/volume.ts'

/** Before and after. So much is written in between that some of it lies behind the old end. */
const sizes: Record<Exclude<FsType, 'ext4'>, readonly [before: number, after: number, written: number]> = {
  // What grows an xfs writes there already: the headers of the new allocation groups.
  xfs: [2 * GiB, 3 * GiB, 8 * MiB],
  btrfs: [256 * MiB, 640 * MiB, 300 * MiB],
}

describeRoot('a volume that grows while it is copied, in a pool that copies', () => {
  let node: TestNode
  let steps: Steps

  useTestNodeWithSteps((started, itsSteps) => {
    node = started
    steps = itsSteps
  })

  async function inUse(name: string, fsType: keyof typeof sizes): Promise<TestVolume> {
    const wishes = { capability: mountCapability(fsType), bytes: sizes[fsType][0] }
    const volume = await new TestVolume(node, name, wishes).create()
    await volume.stage()
    await writeFile(join(volume.staging, 'old'), randomBytes(4 * MiB), { flush: true })
    return volume
  }

  async function grow(volume: TestVolume, fsType: keyof typeof sizes): Promise<void> {
    const [, after, written] = sizes[fsType]
    await volume.expand(after, volume.staging)
    await writeFile(join(volume.staging, 'new'), randomBytes(written), { flush: true })
  }

  const copying = 'copy_file_range 1'

  /** Begins a copy, has this done while it is under way, and waits for its end. */
  async function during(copy: () => Promise<unknown>, work: () => Promise<void>): Promise<void> {
    await steps.holdAt(copying)
    const copied = copy()
    copied.catch(() => undefined)
    await steps.reached()
    await work()
    await steps.release()
    await copied
  }

  const sum = async (path: string): Promise<string> =>
    createHash('sha256')
      .update(await readFile(path))
      .digest('hex')

  async function sumsIn(volume: TestVolume): Promise<string[]> {
    return [await sum(join(volume.staging, 'old')), await sum(join(volume.staging, 'new'))]
  }

  async function expectRestored(
    source: VolumeContentSourceInit,
    of: TestVolume,
    fsType: FsType,
  ): Promise<void> {
    const wishes = { capability: mountCapability(fsType), bytes: sizes[fsType as 'xfs'][1], source }
    await using copy = await new TestVolume(node, `of-${of.name}`, wishes).create()
    await copy.stage()
    expect(await sumsIn(copy)).toEqual(await sumsIn(of))
  }

  async function end(...volumes: TestVolume[]): Promise<void> {
    for (const volume of volumes) await volume[Symbol.asyncDispose]()
    expect(await node.stop()).toEqual(nothing)
  }

  describe.each(['xfs', 'btrfs'] as const)('%s', (fsType) => {
    it('is complete in its snapshot', async () => {
      const volume = await inUse('data', fsType)
      {
        await using snapshot = new TestSnapshot(node, 's', volume)
        await during(
          () => snapshot.create(),
          () => grow(volume, fsType),
        )
        await expectRestored(snapshot.asSource, volume, fsType)
      }
      await end(volume)
    })
  })

  it('is complete in the snapshot of its group', async () => {
    const volumes = [await inUse('a', 'xfs'), await inUse('b', 'xfs')]
    {
      await using group = new TestGroup(node, 'g', volumes)
      await during(
        () => group.create(),
        async () => {
          for (const volume of volumes) await grow(volume, 'xfs')
        },
      )
      for (const [index, volume] of volumes.entries()) {
        const snapshotId = group.snapshots[index]?.snapshotId ?? ''
        await expectRestored({ snapshot: { snapshotId }, type: 'snapshot' }, volume, 'xfs')
      }
    }
    await end(...volumes)
  })

  it('is complete in a clone that is large enough, and refused in a smaller one', async () => {
    const volume = await inUse('data', 'xfs')
    const capability = mountCapability('xfs')
    const wishes = { capability, source: volume.asSource }
    {
      await using large = new TestVolume(node, 'large', { ...wishes, bytes: sizes.xfs[1] })
      await during(
        () => large.create(),
        () => grow(volume, 'xfs'),
      )
      await large.stage()
      expect(await sumsIn(large)).toEqual(await sumsIn(volume))
    }
    {
      const again = new TestVolume(node, 'small', { ...wishes, bytes: sizes.xfs[1] })
      const grown = during(
        () => again.create(),
        () => volume.expand(4 * GiB, volume.staging),
      )
      await expect(grown).rejects.toMatchObject(refusal('ABORTED', /grew while it was copied/))
    }
    await end(volume)
  })

  it('is complete in its snapshot as a raw block volume, also behind its old end', async () => {
    const capability = blockCapability()
    const volume = await new TestVolume(node, 'raw', { capability, bytes: 64 * MiB }).create()
    await volume.stage()
    const device = await volume.publish()
    await writeAt(device, 0)
    {
      await using snapshot = new TestSnapshot(node, 's', volume)
      await during(
        () => snapshot.create(),
        async () => {
          await volume.expand(96 * MiB, device)
          await writeAt(device, 95 * MiB)
        },
      )
      const wishes = { capability, bytes: 96 * MiB, source: snapshot.asSource }
      await using copy = await new TestVolume(node, 'copy', wishes).create()
      await copy.stage()
      expect(await sum(await copy.publish())).toBe(await sum(device))
    }
    await end(volume)
  })

  it('is complete when it grew before anything was written behind its old end', async () => {
    const volume = await inUse('data', 'xfs')
    {
      await using snapshot = new TestSnapshot(node, 's', volume)
      const capacityRange = { requiredBytes: sizes.xfs[1] }
      await during(
        () => snapshot.create(),
        async () => {
          await node.client.controller.controllerExpandVolume({ volumeId: volume.id, capacityRange })
        },
      )
      await grow(volume, 'xfs')
      const wishes = { capability: mountCapability('xfs'), bytes: sizes.xfs[1], source: snapshot.asSource }
      await using copy = await new TestVolume(node, 'copy', wishes).create()
      await copy.stage()
      expect(await sum(join(copy.staging, 'old'))).toBe(await sum(join(volume.staging, 'old')))
    }
    await end(volume)
  })
})

async function writeAt(device: string, position: number): Promise<void> {
  await using file = await open(device, 'r+')
  await file.write(randomBytes(MiB), 0, MiB, position)
  await file.sync()
}
