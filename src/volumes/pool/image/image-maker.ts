import { basename, dirname, join } from 'node:path'
import { formatBytes } from '../../model/bytes.ts'
import { hasErrno, VolumeError } from '../../model/errors.ts'
import type { PoolImageConfig } from '../../model/pool-config.ts'
import type { FileSystems } from '../../model/ports/file-systems.ts'
import type { ImageFiles } from '../../model/ports/image-files.ts'
import type { Attachment, AttachOptions, LoopDevices } from '../../model/ports/loop-devices.ts'
import { requireEmpty } from '../files/directory.ts'
import { flush } from '../files/durable.ts'
import { rename, rm } from '../gate/turn.ts'
import { PoolUnreachableError } from '../gate/unreachable.ts'

export interface MakerDependencies {
  readonly files: ImageFiles
  readonly loops: LoopDevices
  readonly fileSystems: FileSystems
}

/** XFS shares blocks only with reflink=1, which mkfs.xfs before 5.1 does not set by default. */
const MKFS_OPTIONS = ['-m', 'reflink=1']

/**
 * Creates the image of a new pool, under a temporary name until it is complete, so that a crash leaves all of
 * it or nothing. An mkfs that outlives this process writes to an unlinked file.
 * @param directory must be empty
 * @returns its device, still attached
 * @throws VolumeError failed-precondition when the directory is not empty, or the size is too small
 */
export async function makePoolImage(
  { files, loops, fileSystems }: MakerDependencies,
  pool: string,
  { file, sizeBytes }: PoolImageConfig,
  options: AttachOptions,
  signal: AbortSignal,
): Promise<Attachment> {
  const minimum = fileSystems.minimumBytes('xfs')
  if (sizeBytes < minimum) {
    throw new VolumeError(
      'failed-precondition',
      `pool "${pool}": image.size ${formatBytes(sizeBytes)} is too small for an XFS, which needs ${formatBytes(minimum)}`,
    )
  }
  const [directory, name] = [dirname(file), basename(file)]
  const building = join(directory, `.${name}.new`)
  await requireEmpty(pool, directory, name, basename(building))
  await rm(building, { force: true })
  await using undo = new AsyncDisposableStack()
  undo.defer(() => rm(building, { force: true }))
  await files.create(building, sizeBytes, false, signal)
  const attachment = undo.use(await loops.attach(building, options, signal))
  await fileSystems.format('xfs', attachment.device.path, MKFS_OPTIONS, signal)
  await loops.flush(attachment.device)
  await flush(building)
  await rename(building, file)
  await flush(directory)
  undo.move()
  return attachment
}

/**
 * Passes while the file exists.
 * @throws PoolUnreachableError when it is deleted, even while its file system is still mounted and seems
 * intact
 */
export async function requireImage(
  files: ImageFiles,
  pool: string,
  { file }: PoolImageConfig,
): Promise<void> {
  try {
    await files.size(file)
  } catch (error) {
    if (!hasErrno(error, 'ENOENT', 'ENOTDIR')) throw error
    throw new PoolUnreachableError(
      'PoolImageMissing',
      `pool "${pool}": ${file} is deleted; mount the disk that it is on, or restore it. If it is still mounted, copy its content first: the last unmount deletes it`,
      { cause: error },
    )
  }
}
