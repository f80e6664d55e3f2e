import { stat } from 'node:fs/promises'
import type { Command } from 'commander'
import type { CsiClient } from '../../csi/client.ts'
import type { VolumeCapabilityInit } from '../../csi/generated/csi/v1/VolumeCapability.ts'
import { volumeImage } from '../../volumes/inspection/pool-on-disk.ts'
import type { VolumeAttributes } from '../../volumes/model/attributes.ts'
import { hasErrno, VolumeError } from '../../volumes/model/errors.ts'
import { volumeIdFor } from '../../volumes/model/ids.ts'
import { toParameters } from '../../volumes/model/parameters.ts'
import type { Volume } from '../../volumes/model/volume.ts'
import type { InspectedNode } from '../node/inspect.ts'
import { connectToDriver, identifyDriver, type DriverIdentity } from '../node/running-driver.ts'
import { driverEndpointOption } from '../terminal/options.ts'
import { inUse } from './find.ts'
import { contentOptions } from './image-file.ts'

/** Note of the commands that create a volume. */
export const DRIVER_CREATES =
  "The running driver creates the volume (CreateVolume, by --endpoint), so its limits and its accounting hold. The image then replaces the volume's blank image in one step, while that is locked: the volume never has half an image, and after a crash the command can be repeated."

/** Adds the options of the commands that create a volume. */
export function addCreateOptions(command: Command): Command {
  command
    .addOption(driverEndpointOption().makeOptionMandatory())
    .option('--pool <name>', 'pool of the volume', 'default')
  for (const option of contentOptions()) command.addOption(option)
  return command
}

/** The volume that the driver is asked to create. */
export interface NewVolume extends Pick<
  Volume,
  | 'name'
  | 'capacityBytes'
  | 'accessTypes'
  | 'fsType'
  | 'pool'
  | 'mkfsOptions'
  | 'labels'
  | keyof VolumeAttributes
> {
  /** Whether the image has a file system, which the driver must mount and never create. */
  readonly isImported: boolean
}

export interface CreatedVolume {
  readonly id: string
  readonly capacityBytes: bigint
  /** The driver that created it. */
  readonly driver: DriverIdentity
}

/** The path and size of a new volume's blank image, which is locked. */
export interface ImagePlace {
  readonly image: string
  readonly capacityBytes: bigint
}

/**
 * Has the running driver create a volume, and replaces its blank image. The image is locked, so the driver
 * neither stages nor deletes the volume meanwhile. After a failure the volume is deleted; a killed process
 * leaves it blank, and the next attempt continues with it.
 * @param put replaces the image in one step
 * @throws VolumeError already-exists when a volume of this name was ever used; errors of the driver
 */
export async function createWithImage(
  endpoint: string,
  wanted: NewVolume,
  node: InspectedNode,
  put: (place: ImagePlace) => Promise<void>,
): Promise<CreatedVolume> {
  const driver = await identifyDriver(endpoint)
  using client = await connectToDriver(endpoint)
  const isNew = !exists(node, volumeIdFor(driver.nodeId, wanted.name))
  await using undo = new AsyncDisposableStack()
  const { volume } = await client.controller.createVolume(toRequest(wanted))
  if (!volume) throw new Error('the driver answered CreateVolume without a volume')
  const { volumeId: id } = volume
  if (isNew) undo.defer(() => deleteVolume(client, id))
  const place = { image: imageOf(node, wanted.pool, id), capacityBytes: BigInt(volume.capacityBytes) }
  await requireVisible(place.image)
  const lock = await node.files.lock(place.image)
  if (!lock) throw inUse(id, 'another process has its image locked', 'give another --name')
  await using _locked = lock
  if (await node.files.hasData(place.image)) {
    throw new VolumeError(
      'already-exists',
      `volume "${id}" of the name "${wanted.name}" exists, and was used`,
    )
  }
  await put(place)
  undo.move()
  return { id, capacityBytes: place.capacityBytes, driver }
}

function exists({ pools }: InspectedNode, id: string): boolean {
  return pools.some(
    ({ volumes }) => volumes.damaged.has(id) || volumes.records.some((volume) => volume.id === id),
  )
}

function imageOf({ pools }: InspectedNode, name: string, id: string): string {
  const pool = pools.find(({ config }) => config.name === name)
  if (pool) return volumeImage(pool, id)
  throw new Error(
    `the driver has a pool "${name}" that is not configured here: give the driver's own --config`,
  )
}

async function requireVisible(image: string): Promise<void> {
  try {
    await stat(image)
  } catch (error) {
    if (!hasErrno(error, 'ENOENT')) throw error
    const message = `the driver has created the volume, but there is no ${image}: give the driver's own --data-dir and --config, and run this where its pools are visible`
    throw new Error(message, { cause: error })
  }
}

async function deleteVolume(client: CsiClient, volumeId: string): Promise<void> {
  await client.controller.deleteVolume({ volumeId })
}

function toRequest({ accessTypes, fsType, isImported, labels, mkfsOptions, name, ...wanted }: NewVolume) {
  const metadata = Object.entries(labels).map(([key, value]) => [`csi.storage.k8s.io/${key}`, value] as const)
  const { capacityBytes, pool } = wanted
  return {
    name,
    capacityRange: { requiredBytes: `${capacityBytes}` },
    volumeCapabilities: accessTypes.map((type): VolumeCapabilityInit => ({
      accessMode: { mode: 'SINGLE_NODE_WRITER' },
      ...(type === 'mount' ? { mount: { fsType } } : { block: {} }),
    })),
    parameters: {
      ...(isImported && { content: 'imported' }),
      ...{ pool, ...toParameters(wanted), mkfsOptions: mkfsOptions.join(' ') },
      ...Object.fromEntries(metadata),
    },
  }
}
