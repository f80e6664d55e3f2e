import { join } from 'node:path'
import { TestGroup, TestSnapshot } from '../../support/snapshot.ts'
import type { TestVolume } from '../../support/volume.ts'
import { requireContent, requireContentOfImage, requireRawContent } from '../content.ts'
import type { World } from '../world.ts'
import type { Cases, Play } from './case.ts'
import { instant, raw, written, type Wishes } from './written.ts'

export const snapshotCases: Cases = {
  'CreateSnapshot, of a volume in use': (world) => cutting(world, {}),
  'CreateSnapshot, of a volume in use, that shares blocks': (world) => cutting(world, instant),
  'CreateSnapshot, of a block volume in use': (world) => cutting(world, raw),
  DeleteSnapshot: async (world) => {
    const volume = await written(world, 'origin')
    const snapshot = await new TestSnapshot(world.node, 'deleted', volume).create()
    return { run: () => snapshot.delete(), undo: () => snapshot.create() }
  },
  CreateVolumeGroupSnapshot: async (world) => {
    const { group, check } = await grouping(world)
    return { run: () => group.create(), undo: () => group.delete(), check }
  },
  DeleteVolumeGroupSnapshot: async (world) => {
    const { group } = await grouping(world)
    await group.create()
    return { isStepwise: true, run: () => group.delete(), undo: () => group.create() }
  },
}

async function cutting(world: World, wishes: Wishes): Promise<Play> {
  const volume = await written(world, 'origin', wishes)
  const snapshot = new TestSnapshot(world.node, 'cut', volume)
  const check = async (): Promise<void> => {
    const image = imageOf(volume, snapshot.id)
    await (wishes.capability?.accessType === 'block' ? requireRawContent : requireContentOfImage)(image)
    if (wishes.capability?.accessType !== 'block') await requireContent(volume.staging)
  }
  return { run: () => snapshot.create(), undo: () => snapshot.delete(), check }
}

/** All kinds of members, in two pools. */
async function grouping(world: World): Promise<{ group: TestGroup; check: () => Promise<void> }> {
  const volumes = [
    await written(world, 'a'),
    await written(world, 'b', instant),
    await written(world, 'c', raw),
  ]
  const group = new TestGroup(world.node, 'group', volumes)
  const check = async (): Promise<void> => {
    for (const [index, volume] of volumes.entries()) {
      const image = imageOf(volume, group.snapshots[index]?.snapshotId ?? '')
      await (index === 2 ? requireRawContent : requireContentOfImage)(image)
    }
  }
  return { group, check }
}

function imageOf(volume: TestVolume, id: string): string {
  return join(volume.directory, '../../snapshots', id, 'disk.img')
}
