import { open, statfs, type FileHandle } from 'node:fs/promises'
import { join } from 'node:path'
import { formatBytes } from '../src/volumes/model/bytes.ts'
import type { VolumeInUse } from './act-first-use.ts'
import { expectThat } from './evidence.ts'
import { writeFlushed, writeUntilFull, writeWhile } from './pod.ts'
import type { Scene } from './scene.ts'

const LATER_BYTES = 16 << 20

/** Fills the volume, and expands it, while the pod has a file open. */
export async function outgrowTheVolume(scene: Scene, inUse: VolumeInUse): Promise<void> {
  await using diary = await open(join(inUse.path, 'diary.log'), 'ax')
  await runIntoTheLimit(scene, inUse, diary)
  await expandWhileWriting(scene, inUse, diary)
  await writeOn(scene, inUse, diary)
}

async function runIntoTheLimit(
  scene: Scene,
  { volume, path }: VolumeInUse,
  diary: FileHandle,
): Promise<void> {
  const { narrator, evidence, plan, workspace, signal } = scene
  await narrator.step('Run into the size limit', async () => {
    const showProgress = (bytes: number): void => {
      narrator.progress(`${formatBytes(BigInt(bytes))} written`)
    }
    const written = await writeUntilFull(diary, plan.sizeBytes, showProgress, signal)
    const { bavail, bsize } = await statfs(workspace.directory, { bigint: true })
    narrator.say(
      `The pod wrote ${formatBytes(BigInt(written))} more, then got ENOSPC: "no space left on device".`,
      `The disk has ${formatBytes(bavail * bsize)} left: a full volume does not affect other volumes.`,
    )
    narrator.show(...(await evidence.df(volume.image, path)), await evidence.file(volume.image))
  })
}

async function expandWhileWriting(
  scene: Scene,
  { volume, path }: VolumeInUse,
  diary: FileHandle,
): Promise<void> {
  const { narrator, kubernetes, evidence, plan } = scene
  await narrator.step(
    `Expand it to ${formatBytes(plan.expandedBytes)} while the pod keeps writing`,
    async () => {
      const { refused, writtenBytes } = await writeWhile(
        () => kubernetes.expand(volume, path, plan.expandedBytes),
        diary,
      )
      expectThat('the pod can write again after the expansion', writtenBytes > 0)
      narrator.say(
        `The pod kept its file open. ${refused} of its writes failed, then they succeeded, without a restart`,
        'or an unmount. The file grew first, then the loop device, then the file system:',
      )
      narrator.show(...(await evidence.df(volume.image, path)), await evidence.file(volume.image))
    },
  )
}

async function writeOn(scene: Scene, { volume, path }: VolumeInUse, diary: FileHandle): Promise<void> {
  const { narrator, evidence } = scene
  await narrator.step(`The pod writes ${formatBytes(BigInt(LATER_BYTES))} more`, async () => {
    await writeFlushed(diary, LATER_BYTES)
    narrator.say('To the same open file:')
    narrator.show(...(await evidence.df(volume.image, path)), await evidence.file(volume.image))
  })
}
