import { stat } from 'node:fs/promises'
import { connect, type CsiClient } from '../../csi/client.ts'
import type { VolumeCapabilityInit } from '../../csi/generated/csi/v1/VolumeCapability.ts'
import { LinuxImageFiles } from '../../linux/images/image-files.ts'
import { VolumeError, hasErrno } from '../../volumes/model/errors.ts'
import { volumeIdFor } from '../../volumes/model/ids.ts'
import { volumeImage } from '../../volumes/inspection/pool-usage.ts'
import type { Volume } from '../../volumes/model/volume.ts'
import { askDriver, type DriverIdentity } from '../node/running-driver.ts'
import type { Survey } from '../node/survey.ts'
import { inUse } from './use.ts'

/** What the driver is asked to make. */
export type NewVolume = Pick<
  Volume,
  | 'name'
  | 'capacityBytes'
  | 'accessTypes'
  | 'fsType'
  | 'pool'
  | 'provisioning'
  | 'directIo'
  | 'discard'
  | 'mkfsOptions'
  | 'labels'
>

export interface CreateWishes {
  /** Whether the image has a file system that the driver must mount and never make. */
  readonly isImported: boolean
}

export interface CreatedVolume {
  readonly id: string
  readonly capacityBytes: bigint
  /** Who has made it. */
  readonly driver: DriverIdentity
}

/** The place of a new volume's image: a blank image is there, locked, of this size. */
export interface ImagePlace {
  readonly image: string
  readonly capacityBytes: bigint
}

/**
 * Has the running driver make a volume, and an image put in the place of its blank one. The driver keeps its
 * books, and nobody stages or deletes the volume meanwhile, because its image is locked. When anything fails
 * it is deleted again; a killed process leaves it blank, and the next attempt goes on with it.
 * @param put replaces the image in one step
 * @throws VolumeError already-exists when there is a volume of this name that was ever used; what the driver
 * says
 */
export async function createWithImage(
  endpoint: string,
  wanted: NewVolume,
  { isImported }: CreateWishes,
  survey: Survey,
  put: (place: ImagePlace) => Promise<void>,
): Promise<CreatedVolume> {
  const driver = await askDriver(endpoint)
  using client = connect(endpoint)
  const files = new LinuxImageFiles()
  const isNew = !isThere(survey, volumeIdFor(driver.nodeId, wanted.name))
  await using undo = new AsyncDisposableStack()
  const { volume } = await client.controller.createVolume(toRequest(wanted, isImported))
  if (!volume) throw new Error('the driver says it has made a volume, but not which')
  const { volumeId: id } = volume
  if (isNew) undo.defer(() => deleteVolume(client, id))
  const place = { image: imageOf(survey, wanted.pool, id), capacityBytes: BigInt(volume.capacityBytes) }
  await requireSeen(place.image)
  const lock = await files.lock(place.image)
  if (!lock) throw inUse(id, 'another process has its image locked', 'give another --name')
  await using _locked = lock
  if (await files.hasData(place.image)) {
    throw new VolumeError(
      'already-exists',
      `volume "${id}" of the name "${wanted.name}" is there, and was used`,
    )
  }
  await put(place)
  undo.move()
  return { id, capacityBytes: place.capacityBytes, driver }
}

function isThere({ pools }: Survey, id: string): boolean {
  return pools.some(
    ({ volumes }) => volumes.damaged.has(id) || volumes.records.some((volume) => volume.id === id),
  )
}

function imageOf({ pools }: Survey, name: string, id: string): string {
  const pool = pools.find(({ config }) => config.name === name)
  if (pool) return volumeImage(pool, id)
  throw new Error(
    `the driver has a pool "${name}", and the configuration has not: give the driver's own --config`,
  )
}

async function requireSeen(image: string): Promise<void> {
  try {
    await stat(image)
  } catch (error) {
    if (!hasErrno(error, 'ENOENT')) throw error
    const message = `the driver has made the volume, but there is no ${image}: give the driver's own --data-dir and --config, and run this where its pools are seen`
    throw new Error(message, { cause: error })
  }
}

async function deleteVolume(client: CsiClient, volumeId: string): Promise<void> {
  await client.controller.deleteVolume({ volumeId })
}

function toRequest(
  { accessTypes, fsType, labels, mkfsOptions, name, ...wanted }: NewVolume,
  isImported: boolean,
) {
  const metadata = Object.entries(labels).map(([key, value]) => [`csi.storage.k8s.io/${key}`, value] as const)
  const { capacityBytes, directIo, discard, pool, provisioning } = wanted
  return {
    name,
    capacityRange: { requiredBytes: `${capacityBytes}` },
    volumeCapabilities: accessTypes.map((type): VolumeCapabilityInit => ({
      accessMode: { mode: 'SINGLE_NODE_WRITER' },
      ...(type === 'mount' ? { mount: { fsType } } : { block: {} }),
    })),
    parameters: {
      ...(isImported && { content: 'imported' }),
      ...{ pool, provisioning, directIO: directIo, discard, mkfsOptions: mkfsOptions.join(' ') },
      ...Object.fromEntries(metadata),
    },
  }
}
