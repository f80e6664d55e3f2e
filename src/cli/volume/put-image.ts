import { rename, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { ImageFiles } from '../../volumes/model/ports/image-files.ts'
import { flush } from '../../volumes/pool/files/durable.ts'
import type { ImagePlace, NewVolume } from './create.ts'

/** Beside the image until it is complete. A killed process leaves it; the next attempt overwrites it. */
const UNFINISHED = '.disk.img.new'

/**
 * Replaces a volume's blank image with a copy, or leaves it as it was.
 * @param write creates the file at the path it is given, of at most the volume's capacity
 */
export async function putCopy(
  files: ImageFiles,
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
  await resizeToVolume(files, unfinished, capacityBytes, provisioning, signal)
  await replaceImage(unfinished, image)
  undo.move()
}

/** Grows an image to the volume's capacity, and allocates all blocks of a thick volume. */
export async function resizeToVolume(
  files: ImageFiles,
  image: string,
  capacityBytes: bigint,
  provisioning: NewVolume['provisioning'],
  signal: AbortSignal,
): Promise<void> {
  await files.grow(image, capacityBytes, false, signal)
  if (provisioning === 'thick') await files.allocate(image, signal)
  await flush(image)
}

/** In one step, which is on the disk when this returns. @throws EXDEV for a file on another disk */
export async function replaceImage(file: string, image: string): Promise<void> {
  await rename(file, image)
  await flush(dirname(image))
}
