import { statfs } from 'node:fs/promises'
import { PodVolume } from '../../support/pod-volume.ts'
import { MiB, type TestVolume } from '../../support/volume.ts'
import { requireContent, requireRawContent } from '../content.ts'
import type { World } from '../world.ts'
import type { Cases, Play } from './case.ts'
import { deviceOf, kept, planned, raw, written, xfs, type Wishes } from './written.ts'

const GROWN_BYTES = 320 * MiB

/** Its log takes 64 MiB. */
const MIN_GROWN_BYTES = 255 * MiB

export const nodeCases: Cases = {
  'NodeStageVolume, for the first time': async (world) => {
    const volume = await (await planned(world, 'staged')).create()
    return {
      // A file system that was made stays made when its mount fails.
      kept: /\/volume\.json /,
      run: () => volume.stage(),
      undo: async () => {
        await volume[Symbol.asyncDispose]()
        await volume.create()
      },
    }
  },
  'NodeStageVolume, again': async (world) => {
    const volume = await written(world, 'staged')
    await volume.unstage()
    const check = () => requireContent(volume.staging)
    return { run: () => volume.stage(), undo: () => volume.unstage(), check }
  },
  'NodeStageVolume, of an XFS that grows': async (world) => {
    const source = (await kept(world, 'origin', xfs)).asSource
    const volume = await (await planned(world, 'staged', { ...xfs, bytes: GROWN_BYTES, source })).create()
    return {
      run: () => volume.stage(),
      undo: async () => {
        await volume[Symbol.asyncDispose]()
        await volume.create()
      },
      check: () => requireGrown(volume),
    }
  },
  'NodeStageVolume, of a block volume': async (world) => {
    const volume = await written(world, 'staged', raw)
    await volume.unstage()
    const check = async () => requireRawContent(await deviceOf(volume))
    return { run: () => volume.stage(), undo: () => volume.unstage(), check }
  },
  NodePublishVolume: (world) => publishing(world, {}, false),
  'NodePublishVolume, read-only': (world) => publishing(world, {}, true),
  'NodePublishVolume, of a block volume': (world) => publishing(world, raw, false),
  'NodePublishVolume, of a block volume, read-only': (world) => publishing(world, raw, true),
  NodeUnpublishVolume: (world) => unpublishing(world, {}, false),
  'NodeUnpublishVolume, of a read-only block volume': (world) => unpublishing(world, raw, true),
  NodeUnstageVolume: async (world) => {
    const volume = await written(world, 'staged')
    return {
      isStepwise: true,
      run: () => volume.unstage(),
      undo: async () => {
        await volume.stage()
        await requireContent(volume.staging)
      },
    }
  },
  'NodeUnstageVolume, of a block volume': async (world) => {
    const volume = await written(world, 'staged', raw)
    return {
      isStepwise: true,
      run: () => volume.unstage(),
      undo: async () => {
        await volume.stage()
        await requireRawContent(await deviceOf(volume))
      },
    }
  },
  NodeExpandVolume: async (world) => {
    const source = (await kept(world, 'origin', xfs)).asSource
    const volume = await (await planned(world, 'grown', { ...xfs, source })).create()
    const request = () => ({
      volumeId: volume.id,
      volumePath: volume.staging,
      capacityRange: { requiredBytes: GROWN_BYTES },
    })
    await volume.stage()
    return {
      isStepwise: true,
      run: () => world.node.client.node.nodeExpandVolume(request()),
      undo: async () => {
        await volume[Symbol.asyncDispose]()
        await volume.create()
        await volume.stage()
      },
      check: () => requireGrown(volume),
    }
  },
  'NodePublishVolume, ephemeral': async (world) => {
    const volume = await ephemeral(world)
    // Mounted, and its record is not on the disk.
    const midway = /\/volume\.json .*"state":"new"/
    return { midway, run: () => volume.publish(), undo: () => volume.unpublish() }
  },
  'NodeUnpublishVolume, ephemeral': async (world) => {
    const volume = await (await ephemeral(world)).publish()
    return {
      isStepwise: true,
      // Even where its image cannot be read, the pods must end; then the next start deletes it.
      harmless: /(directory|file) data\/pools\/default\/volumes\//,
      run: () => volume.unpublish(),
      undo: () => volume.publish(),
    }
  },
}

async function publishing(world: World, wishes: Wishes, readonly: boolean): Promise<Play> {
  const volume = await written(world, 'published', wishes)
  const isRaw = wishes.capability?.accessType === 'block'
  const check = (): Promise<void> => (isRaw ? requireRawContent : requireContent)(volume.target())
  return { run: () => volume.publish('pod', { readonly }), undo: () => volume.unpublish(), check }
}

async function unpublishing(world: World, wishes: Wishes, readonly: boolean): Promise<Play> {
  const { run, undo, check } = await publishing(world, wishes, readonly)
  const publish = async (): Promise<void> => {
    await run()
    await check?.()
  }
  await publish()
  // Even where the image cannot be read, the pod must end; then NodeUnstageVolume detaches the device.
  return { isStepwise: true, harmless: /device on a device/, run: undo, undo: publish }
}

async function ephemeral({ node }: World): Promise<PodVolume> {
  await node.directory('inline')
  return new PodVolume(node, 'inline', { attributes: { size: '16Mi' } })
}

/** The witness is statfs(2): a little less than the device, for the file system's own use. */
async function requireGrown({ staging }: TestVolume): Promise<void> {
  const { blocks, bsize } = await statfs(staging)
  if (blocks * bsize < MIN_GROWN_BYTES)
    throw new Error(`the file system at ${staging} has only ${blocks * bsize} bytes`)
  await requireContent(staging)
}
