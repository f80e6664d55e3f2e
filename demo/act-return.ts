import { join } from 'node:path'
import { PHOTO, type VolumeInUse } from './act-first-use.ts'
import { expectThat } from './evidence.ts'
import { checksumOf, tryToCreate } from './pod.ts'
import type { Scene } from './scene.ts'

/** Publishes to a second pod, ends both pods, and stages the volume again with its data. */
export async function leaveAndComeBack(scene: Scene, inUse: VolumeInUse): Promise<void> {
  const reader = await publishToAReader(scene, inUse)
  await takeAway(scene, inUse, reader)
  await findAgain(scene, inUse)
}

function publishToAReader(scene: Scene, { volume, checksum }: VolumeInUse): Promise<string> {
  const { narrator, kubernetes } = scene
  return narrator.step('Publish it to a second pod, read-only', async () => {
    const path = await kubernetes.publish(volume, 'reader', true)
    expectThat(
      'the second pod reads what the first wrote',
      (await checksumOf(join(path, PHOTO))) === checksum,
    )
    const code = await tryToCreate(join(path, 'graffiti'))
    expectThat('the second pod cannot write', code === 'EROFS')
    narrator.say(
      'The pod "reader" reads what "web" wrote (same SHA-256), and cannot write: EROFS, "read-only file system".',
    )
    return path
  })
}

async function takeAway(scene: Scene, { volume, path }: VolumeInUse, reader: string): Promise<void> {
  const { narrator, kubernetes, evidence } = scene
  await narrator.step('Unpublish and unstage it', async () => {
    const { device } = await evidence.device(volume.image)
    narrator.say('Both pods have ended, so Kubernetes removes the volume from this machine.')
    await kubernetes.unpublish(volume, reader)
    await kubernetes.unpublish(volume, path)
    await kubernetes.unstage(volume)
    await evidence.noDevice(volume.image)
    narrator.say(`${device.path} is detached and free again. The file with the data stays:`)
    narrator.show(await evidence.file(volume.image))
  })
}

async function findAgain(scene: Scene, { volume, checksum }: VolumeInUse): Promise<void> {
  const { narrator, kubernetes, evidence } = scene
  await narrator.step('Stage it again and check the data', async () => {
    await kubernetes.stage(volume)
    const path = await kubernetes.publish(volume, 'web')
    const found = await checksumOf(join(path, PHOTO))
    expectThat('the data are as they were written', found === checksum)
    const { device } = await evidence.device(volume.image)
    narrator.say(
      `${PHOTO}, now on ${device.path}, has the content that was written: SHA-256 ${found.slice(0, 16)}… both times.`,
    )
    await kubernetes.unpublish(volume, path)
    await kubernetes.unstage(volume)
  })
}
