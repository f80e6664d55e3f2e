import { randomUUID } from 'node:crypto'
import { both } from '../concurrency/side-by-side.ts'
import { hasErrno, VolumeError } from '../model/errors.ts'
import { fileSystemAction, FileSystemMissing, type FoundContent } from '../model/file-system-state.ts'
import type { LoopDevice } from '../model/ports/loop-devices.ts'
import type { Volume } from '../model/volume.ts'
import type { PreparedFile } from '../pool/files/durable.ts'
import type { NodeContext } from './context.ts'

const neverWritten: FoundContent = {
  hasData: false,
  type: undefined,
  partitionTable: undefined,
  uuid: undefined,
  unfinished: false,
}

/**
 * The UUID of an existing file system, or the record of a new one, which the caller commits and disposes of.
 */
export type PreparedFileSystem =
  { readonly uuid: string | undefined; readonly record?: undefined } | { readonly record: PreparedFile }

/**
 * Ensures that the device has the volume's file system, ready to mount: formats a volume that was never
 * formatted, checks the volume's own file system (and grows it if the volume grew), and refuses anything
 * else. A volume is formatted at most once, and nothing is written in case of a refusal.
 * @throws FileSystemMissing with the content and a remedy; VolumeError failed-precondition for a read-only
 * stage of a volume that was never used; resource-exhausted when the disk of the pool is full
 */
export async function prepareFileSystem(
  on: Pick<NodeContext, 'catalog' | 'files' | 'fileSystems'>,
  volume: Volume,
  device: LoopDevice,
  readOnly: boolean,
  signal: AbortSignal,
): Promise<PreparedFileSystem> {
  const { catalog, fileSystems } = on
  const { fsType } = volume
  const found = await probeImage(on, volume, device, signal)
  if (fileSystemAction(volume, catalog.image(volume), found, fileSystems.repairs(fsType)) === 'mount') {
    if (!readOnly) {
      await fileSystems.check(fsType, device.path, signal)
      await fileSystems.growUnmounted(fsType, device.path, signal)
    }
    return { uuid: found.uuid }
  }
  if (readOnly) {
    throw new VolumeError(
      'failed-precondition',
      `volume "${volume.id}" has no file system yet and is requested read-only; stage it once for writing`,
    )
  }
  const { space, volumes } = catalog.pool(volume.pool)
  // A killed mkfs leaves data that looks blank. Only in state `new` can it be nothing else.
  if (volume.fileSystem.state !== 'new') {
    const updating = volumes.update({ ...volume, fileSystem: { state: 'new' } })
    await space.orFull('resource-exhausted', updating)
  }
  return { record: await makeFileSystem(on, volume, device, signal) }
}

async function probeImage(
  { catalog, files, fileSystems }: Pick<NodeContext, 'catalog' | 'files' | 'fileSystems'>,
  volume: Volume,
  device: LoopDevice,
  signal: AbortSignal,
): Promise<FoundContent> {
  // An image that was never written needs no probing, the slowest step after mkfs.
  if (!(await files.hasData(catalog.image(volume)))) return neverWritten
  try {
    return { ...(await fileSystems.probe(device.path, signal)), hasData: true }
  } catch (error) {
    if (!(error instanceof VolumeError)) throw error
    throw FileSystemMissing.unclear(volume, catalog.image(volume), fileSystems.repairs(volume.fsType), error)
  }
}

/**
 * Runs mkfs on a volume that was never formatted. Where the UUID can be chosen, the record is written in
 * parallel: a flush takes about a tenth of the time of a first stage.
 * @returns the record of the formatted volume, not committed yet; mkfs has flushed the file system
 * @throws VolumeError resource-exhausted when the disk of the pool is full
 */
export async function makeFileSystem(
  { catalog, fileSystems }: Pick<NodeContext, 'catalog' | 'fileSystems'>,
  volume: Volume,
  device: LoopDevice,
  signal: AbortSignal,
): Promise<PreparedFile> {
  const { fsType, mkfsOptions } = volume
  const { space, volumes } = catalog.pool(volume.pool)
  const mkfs = (options: readonly string[]): Promise<void> =>
    space.orFullBehind('resource-exhausted', fileSystems.format(fsType, device.path, options, signal))
  const prepareRecord = (uuid = ''): Promise<PreparedFile> =>
    space.orFull(
      'resource-exhausted',
      volumes.prepare({ ...volume, fileSystem: { state: 'formatted', uuid } }),
    )

  const uuid = randomUUID()
  // The user's options may set another UUID.
  const uuidOptions = mkfsOptions.length === 0 ? fileSystems.uuidOptions(fsType, uuid) : undefined
  if (!uuidOptions) {
    await mkfs(mkfsOptions)
    const made = await fileSystems.identify(device.path)
    if (made?.type !== fsType) throw formatFailed(volume)
    return await prepareRecord(made.uuid)
  }
  await using undo = new AsyncDisposableStack()
  const preparing = prepareRecord(uuid).then((record) => undo.use(record))
  const [, record] = await both(mkfs(uuidOptions), preparing)
  undo.move()
  return record
}

function formatFailed({ fsType, id, mkfsOptions }: Volume): VolumeError {
  return new VolumeError(
    'failed-precondition',
    `volume "${id}": mkfs.${fsType} with the mkfsOptions "${mkfsOptions.join(' ')}" created no ${fsType}`,
  )
}

/**
 * Grows a mounted file system to the size of its device. ext4 zeroes new inode tables, and the loop device
 * does that by punching holes (sb_issue_zeroout() of the kernel), so the blocks of a thick image are
 * allocated again afterwards.
 * @param path where it is mounted for writing
 * @throws VolumeError failed-precondition where it cannot be grown while it is mounted; ENOSPC when the disk
 * has no blocks left for a thick volume, whose file system has grown even so
 */
export async function growMounted(
  { catalog, fileSystems, files }: NodeContext,
  volume: Volume,
  device: LoopDevice,
  path: string,
  signal: AbortSignal,
): Promise<void> {
  await fileSystems.grow(volume.fsType, device.path, path, signal)
  if (volume.provisioning === 'thick') await files.allocate(catalog.image(volume), signal)
}

/**
 * As `growMounted`, for a stage, which must not fail when the disk has no blocks left for a grown thick
 * volume.
 */
export async function growToDevice(
  on: NodeContext,
  volume: Volume,
  device: LoopDevice,
  path: string,
  signal: AbortSignal,
): Promise<void> {
  const { fileSystems } = on
  const { fsType, provisioning } = volume
  if (provisioning === 'thin' || !(await fileSystems.hasRoomToGrow(fsType, device.path))) {
    await fileSystems.grow(fsType, device.path, path, signal)
    return
  }
  try {
    await growMounted(on, volume, device, path, signal)
  } catch (error) {
    if (!hasErrno(error, 'ENOSPC', 'EDQUOT')) throw error
  }
}
