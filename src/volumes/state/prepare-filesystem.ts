import { VolumeError } from '../model/errors.ts'
import { FileSystemMissing, fileSystemAction, type FoundContent } from '../model/file-system-state.ts'
import type { PreparedFile } from '../pool/files/durable.ts'
import type { LoopDevice } from '../model/ports.ts'
import type { Volume } from '../model/volume.ts'
import type { NodeContext } from './context.ts'
import { makeFileSystem } from './make-filesystem.ts'

const neverWritten: FoundContent = {
  hasData: false,
  type: undefined,
  partitionTable: undefined,
  uuid: undefined,
  unfinished: false,
}

/**
 * Either the UUID of a file system that was there already, or the record of a new one: to be committed, and
 * disposed.
 */
export type PreparedFileSystem =
  { readonly uuid: string | undefined; readonly record?: undefined } | { readonly record: PreparedFile }

/**
 * Makes sure that the device has the volume's file system and that it may be mounted: formats what was never
 * formatted, checks (and grows, if the volume grew) what is the volume's own, and refuses everything else. A
 * volume is formatted at most once, and nothing is written to what is refused.
 * @throws FileSystemMissing saying what was found and how to repair it; VolumeError failed-precondition for a
 * reader of a volume that was never used; resource-exhausted when the disk of the pool is full
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
  const found = await look(on, volume, device, signal)
  if (fileSystemAction(volume, catalog.image(volume), found) === 'mount') {
    if (!readOnly) {
      await fileSystems.check(fsType, device.path, signal)
      await fileSystems.growUnmounted(fsType, device.path, signal)
    }
    return { uuid: found.uuid }
  }
  if (readOnly) {
    throw new VolumeError(
      'failed-precondition',
      `volume "${volume.id}" has no file system yet and is wanted read-only; stage it once for writing`,
    )
  }
  const { space, volumes } = catalog.pool(volume.pool)
  // A killed mkfs leaves data that looks blank; only under `new` it is known what that is.
  if (volume.fileSystem.state !== 'new') {
    const updating = volumes.update({ ...volume, fileSystem: { state: 'new' } })
    await space.orFull('resource-exhausted', updating)
  }
  return { record: await makeFileSystem(on, volume, device, signal) }
}

async function look(
  { catalog, files, fileSystems }: Pick<NodeContext, 'catalog' | 'files' | 'fileSystems'>,
  volume: Volume,
  device: LoopDevice,
  signal: AbortSignal,
): Promise<FoundContent> {
  // An image that was never written needs no probing, which would cost more than all the rest but the format
  // itself.
  if (!(await files.hasData(catalog.image(volume)))) return neverWritten
  try {
    return { ...(await fileSystems.probe(device.path, signal)), hasData: true }
  } catch (error) {
    if (!(error instanceof VolumeError)) throw error
    throw FileSystemMissing.unclear(volume, catalog.image(volume), error)
  }
}
