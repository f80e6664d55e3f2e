import { open, stat } from 'node:fs/promises'
import { formatBytes } from '../src/volumes/model/bytes.ts'
import { expectThat } from './evidence.ts'
import { rawBlock, type DemoVolume } from './orchestrator.ts'
import { checksumOfPart, writeFlushed } from './pod.ts'
import type { Scene } from './scene.ts'

const DISK_BYTES = 32n << 20n
const POSITION = 8 << 20
const LENGTH = 1 << 20

/** Uses a volume as a disk without a file system, as some databases and virtual machines do. */
export function useARawDisk({ narrator, kubernetes, evidence }: Scene): Promise<DemoVolume> {
  return narrator.step(`Use a raw block volume of ${formatBytes(DISK_BYTES)}`, async () => {
    const disk = await kubernetes.create('disk', DISK_BYTES, rawBlock)
    await kubernetes.stage(disk)
    const path = await kubernetes.publish(disk, 'database')
    expectThat('the pod sees a block device', (await stat(path)).isBlockDevice())
    narrator.say(
      'The pod "database" sees a disk, not a directory. It writes 1 MiB at 8 MiB and reads it back.',
    )

    const written = await writeAt(path)
    expectThat('the disk reads as it was written', (await checksumOfPart(path, POSITION, LENGTH)) === written)
    expectThat('the same is in the file', (await checksumOfPart(disk.image, POSITION, LENGTH)) === written)
    narrator.say('The same bytes are at the same offset of the file:')
    narrator.show(...(await evidence.loop(disk.image)), await evidence.file(disk.image))

    await kubernetes.unpublish(disk, path)
    await kubernetes.unstage(disk)
    await evidence.noDevice(disk.image)
    return disk
  })
}

async function writeAt(path: string): Promise<string> {
  await using device = await open(path, 'r+')
  return await writeFlushed(device, LENGTH, POSITION)
}
