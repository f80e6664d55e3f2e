import { open } from 'node:fs/promises'
import { join } from 'node:path'
import { formatBytes } from '../src/volumes/model/bytes.ts'
import { fileSystem, type DemoVolume } from './orchestrator.ts'
import { writeFlushed } from './pod.ts'
import type { Scene } from './scene.ts'

/** A volume that a pod uses, with the pod's file. */
export interface VolumeInUse {
  readonly volume: DemoVolume
  /** The path of the volume in the pod. */
  readonly path: string
  /** The checksum of the pod's file. */
  readonly checksum: string
}

/** The pod's file. */
export const PHOTO = 'photo.raw'
const PHOTO_BYTES = 16 << 20

/** Creates a volume, stages and publishes it, and writes to it. */
export async function firstUse(scene: Scene): Promise<VolumeInUse> {
  const volume = await createVolume(scene)
  await stageVolume(scene, volume)
  const path = await publishVolume(scene, volume)
  const checksum = await writeData(scene, volume, path)
  return { volume, path, checksum }
}

function createVolume({ narrator, kubernetes, evidence, plan }: Scene): Promise<DemoVolume> {
  const size = formatBytes(plan.sizeBytes)
  return narrator.step(`Create a volume of ${size}`, async () => {
    narrator.say('A user has created a PersistentVolumeClaim, so Kubernetes requests a volume.')
    const access = fileSystem(plan.fsType, plan.mountFlags)
    const volume = await kubernetes.create('files', plan.sizeBytes, access)
    narrator.say(
      'The volume is one sparse file: it has the requested length, and allocates space only when it is written.',
    )
    narrator.show(await evidence.file(volume.image))
    return volume
  })
}

async function stageVolume(
  { narrator, kubernetes, evidence, plan }: Scene,
  volume: DemoVolume,
): Promise<void> {
  await narrator.step('Stage it on this machine', async () => {
    if (plan.remark !== undefined) narrator.say(plan.remark)
    await kubernetes.stage(volume)
    narrator.say(
      'The driver attached the file to a free loop device, which makes it a disk,',
      `created a file system on it (${plan.fsType}), and mounted that:`,
    )
    narrator.show(...(await evidence.loop(volume.image)), await evidence.file(volume.image))
  })
}

function publishVolume({ narrator, kubernetes, evidence }: Scene, volume: DemoVolume): Promise<string> {
  return narrator.step('Publish it to a pod', async () => {
    const path = await kubernetes.publish(volume, 'web')
    narrator.say(
      'The pod "web" sees a directory with a size of its own (less the metadata of the file system):',
    )
    narrator.show(...(await evidence.df(volume.image, path)))
    return path
  })
}

function writeData({ narrator, evidence }: Scene, volume: DemoVolume, path: string): Promise<string> {
  return narrator.step(`The pod writes ${formatBytes(BigInt(PHOTO_BYTES))}`, async () => {
    const checksum = await writePhoto(path)
    narrator.say('The file has allocated as much more as was written:')
    narrator.show(...(await evidence.df(volume.image, path)), await evidence.file(volume.image))
    return checksum
  })
}

async function writePhoto(path: string): Promise<string> {
  await using file = await open(join(path, PHOTO), 'wx')
  return await writeFlushed(file, PHOTO_BYTES)
}
