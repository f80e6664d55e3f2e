import { open, statfs, type FileHandle } from 'node:fs/promises'
import { join } from 'node:path'
import { formatBytes } from '../src/volumes/model/bytes.ts'
import type { VolumeInUse } from './act-first-use.ts'
import { expectThat } from './evidence.ts'
import { writeFlushed, writeUntilFull, writeWhile } from './pod.ts'
import type { Scene } from './scene.ts'

const LATER_BYTES = 16 << 20

/** The pod's volume gets full, and then larger, while the pod has a file open in it. */
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
      `The disk under it has ${formatBytes(bavail * bsize)} left: who fills a volume fills nobody else's.`,
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
    `Expand it to ${formatBytes(plan.expandedBytes)} while the pod keeps trying`,
    async () => {
      const { refused, writtenBytes } = await writeWhile(
        () => kubernetes.expand(volume, path, plan.expandedBytes),
        diary,
      )
      expectThat('the pod can write again after the expansion', writtenBytes > 0)
      narrator.say(
        `The pod kept its file open. Its writes were refused ${refused} times, then they went through,`,
        'with no restart and no unmount. First the file grew, then the loop device, then the file system:',
      )
      narrator.show(...(await evidence.df(volume.image, path)), await evidence.file(volume.image))
    },
  )
}

async function writeOn(scene: Scene, { volume, path }: VolumeInUse, diary: FileHandle): Promise<void> {
  const { narrator, evidence } = scene
  await narrator.step(`The pod writes on, ${formatBytes(BigInt(LATER_BYTES))}`, async () => {
    await writeFlushed(diary, LATER_BYTES)
    narrator.say('Into the same open file:')
    narrator.show(...(await evidence.df(volume.image, path)), await evidence.file(volume.image))
  })
}
