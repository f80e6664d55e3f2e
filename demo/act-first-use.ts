import { open } from 'node:fs/promises'
import { join } from 'node:path'
import { formatBytes } from '../src/volumes/model/bytes.ts'
import { fileSystem, type DemoVolume } from './orchestrator.ts'
import { writeFlushed } from './pod.ts'
import type { Scene } from './scene.ts'

/** A volume that a pod uses, and what the pod keeps in it. */
export interface VolumeInUse {
  readonly volume: DemoVolume
  /** Where the pod finds the volume. */
  readonly path: string
  /** The checksum of the pod's file. */
  readonly checksum: string
}

/** The pod's file. */
export const PHOTO = 'photo.raw'
const PHOTO_BYTES = 16 << 20

/** A volume comes into being and reaches its pod. */
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
    narrator.say('Somebody claims storage (a PersistentVolumeClaim), so Kubernetes asks for a volume.')
    const access = fileSystem(plan.fsType, plan.mountFlags)
    const volume = await kubernetes.create('files', plan.sizeBytes, access)
    narrator.say(
      'The volume is one sparse file: as long as was asked for, but it takes space only as it is filled.',
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
      'The driver took a free loop device from the kernel, which shows the file as a disk,',
      `made a file system on it (${plan.fsType}), and mounted that:`,
    )
    narrator.show(...(await evidence.loop(volume.image)), await evidence.file(volume.image))
  })
}

function publishVolume({ narrator, kubernetes, evidence }: Scene, volume: DemoVolume): Promise<string> {
  return narrator.step('Publish it to a pod', async () => {
    const path = await kubernetes.publish(volume, 'web')
    narrator.say(
      'The pod "web" sees a directory, which has a size of its own (less what the file system needs):',
    )
    narrator.show(...(await evidence.df(volume.image, path)))
    return path
  })
}

function writeData({ narrator, evidence }: Scene, volume: DemoVolume, path: string): Promise<string> {
  return narrator.step(`The pod writes ${formatBytes(BigInt(PHOTO_BYTES))}`, async () => {
    const checksum = await writePhoto(path)
    narrator.say('The file takes as much more of the disk as was written, and no more:')
    narrator.show(...(await evidence.df(volume.image, path)), await evidence.file(volume.image))
    return checksum
  })
}

async function writePhoto(path: string): Promise<string> {
  await using file = await open(join(path, PHOTO), 'wx')
  return await writeFlushed(file, PHOTO_BYTES)
}
