import { VolumeError } from '../errors.ts'
import type { LoopDevice, Signature } from '../ports.ts'
import type { Volume } from '../volume.ts'
import type { NodeDependencies } from './dependencies.ts'

const blank: Signature = { type: undefined, partitionTable: undefined, unfinished: false }

/**
 * Makes sure that the device has the volume's file system and that it may be mounted: formats what is proven to be
 * blank, checks (and grows, if the volume grew) what has the right type, and refuses everything else. Nothing is ever
 * formatted on doubt.
 * @throws VolumeError failed-precondition saying what was found; resource-exhausted when the disk of the pool is full
 */
export async function prepareFileSystem(
  { catalog, files, fileSystems }: Pick<NodeDependencies, 'catalog' | 'files' | 'fileSystems'>,
  volume: Volume,
  device: LoopDevice,
  readOnly: boolean,
  signal: AbortSignal,
): Promise<'new' | 'checked'> {
  const { fsType } = volume
  // An image that was never written needs no probing, which would cost more than all the rest but the format itself.
  const found = (await files.hasData(catalog.image(volume)))
    ? await fileSystems.probe(device.path, signal)
    : blank
  if (found.partitionTable !== undefined) {
    throw new VolumeError(
      'failed-precondition',
      `volume "${volume.id}" has a ${found.partitionTable} partition table where its ${fsType} should be; it is left as it is`,
    )
  }
  if (found.type !== undefined && found.type !== fsType) {
    throw new VolumeError(
      'failed-precondition',
      `volume "${volume.id}" has ${found.type} where its ${fsType} should be; it is left as it is`,
    )
  }
  if (found.type === fsType && !found.unfinished) {
    if (readOnly) return 'checked'
    await fileSystems.check(fsType, device.path, signal)
    await fileSystems.growUnmounted(fsType, device.path, signal)
    return 'checked'
  }
  if (readOnly) {
    throw new VolumeError(
      'failed-precondition',
      `volume "${volume.id}" has no file system yet and is wanted read-only; stage it once for writing`,
    )
  }
  const { space } = catalog.pool(volume.pool)
  const formatting = fileSystems.format(fsType, device.path, volume.mkfsOptions, signal)
  await space.orFullBehind('resource-exhausted', formatting)
  return 'new'
}
