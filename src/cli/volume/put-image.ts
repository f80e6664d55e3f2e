import { rename, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { LinuxImageFiles } from '../../linux/images/image-files.ts'
import { flush } from '../../volumes/pool/files/durable.ts'
import type { NewVolume } from './create.ts'
import type { ImagePlace } from './create.ts'

/** Beside the image until it is whole; overwritten by the next attempt when this process is killed. */
const UNFINISHED = '.disk.img.new'

/**
 * Puts a copy in the place of a volume's blank image: the whole of it, or nothing.
 * @param write makes the file of this path, of the volume's capacity at most
 */
export async function putCopy(
  { capacityBytes, image }: ImagePlace,
  { provisioning }: Pick<NewVolume, 'provisioning'>,
  write: (path: string) => Promise<void>,
  signal: AbortSignal,
): Promise<void> {
  const unfinished = join(dirname(image), UNFINISHED)
  await rm(unfinished, { force: true })
  await using undo = new AsyncDisposableStack()
  undo.defer(() => rm(unfinished, { force: true }))
  await write(unfinished)
  await fit(unfinished, capacityBytes, provisioning, signal)
  await replace(unfinished, image)
  undo.move()
}

/** As large as the volume, and with all of its blocks if it is thick. */
export async function fit(
  image: string,
  capacityBytes: bigint,
  provisioning: NewVolume['provisioning'],
  signal: AbortSignal,
): Promise<void> {
  const files = new LinuxImageFiles()
  await files.grow(image, capacityBytes, false, signal)
  if (provisioning === 'thick') await files.allocate(image, signal)
  await flush(image)
}

/** In one step, which is on the disk when this returns. @throws EXDEV for a file on another disk */
export async function replace(file: string, image: string): Promise<void> {
  await rename(file, image)
  await flush(dirname(image))
}
