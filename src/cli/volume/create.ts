import { rename, rm, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { Command } from 'commander'
import type { CsiClient } from '../../csi/client.ts'
import type { VolumeCapabilityInit } from '../../csi/generated/csi/v1/VolumeCapability.ts'
import { volumeImage } from '../../volumes/inspection/pool-on-disk.ts'
import type { VolumeAttributes } from '../../volumes/model/attributes.ts'
import { hasErrno, VolumeError } from '../../volumes/model/errors.ts'
import { volumeIdFor } from '../../volumes/model/ids.ts'
import { toParameters } from '../../volumes/model/parameters.ts'
import type { ImageFiles } from '../../volumes/model/ports/image-files.ts'
import type { Volume } from '../../volumes/model/volume.ts'
import { flush } from '../../volumes/pool/files/durable.ts'
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
