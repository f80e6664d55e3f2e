import { basename, join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import * as v from 'valibot'
import { issueOf } from '../../issues/catalogue.ts'
import { attributeKeys, parameterTable, type VolumeAttributes } from '../../model/attributes.ts'
import { hasErrno, isTransient } from '../../model/errors.ts'
import { isId, type GroupSnapshotId, type SnapshotId, type VolumeId } from '../../model/ids.ts'
import { fsTypes } from '../../model/ports/file-systems.ts'
import type { ImageFiles, ImageSize } from '../../model/ports/image-files.ts'
import type { Snapshot } from '../../model/snapshot.ts'
import type { Volume } from '../../model/volume.ts'
import { readSmall } from '../files/durable.ts'
import { VersionedJson, type Migration } from '../files/versioned-json.ts'
import { IMAGE } from './draft.ts'

/** What differs between volumes and snapshots. */
export interface RecordKind<T> {
  /** The folder in the pool. */
  readonly folder: string
  /** The file in the directory of the image. */
  readonly recordName: string
  readonly encode: (record: T) => string
  /**
   * @param imageBytes the size of the image
   * @throws Error describing the problem of the record or the image
   */
  readonly decode: (text: string, pool: string, imageBytes: bigint) => T
}

/**
 * Reads one record, of the directory that is named after its id.
 * @throws ImageDamage, or another Error that describes the damage; a transient error (`isTransient`) does not
 * mean damage
 */
export async function loadRecord<T extends { readonly id: string }>(
  kind: RecordKind<T>,
  pool: string,
  directory: string,
  files: ImageFiles,
): Promise<T> {
  const text = await retryTransient(() => readSmall(join(directory, kind.recordName)))
  const { logical } = await retryTransient(() => imageSize(files, join(directory, IMAGE)))
  const record = kind.decode(text, pool, logical)
  if (record.id !== basename(directory)) throw new Error(`${kind.recordName} is of ${record.id}`)
  return record
}

/** Version 1 did not say whether a volume was formatted, so it may have been. */
const addFileSystem: Migration = (record) => ({ ...record, fileSystem: { state: 'unknown' } })

const bytes = v.pipe(
  v.string(),
  v.regex(/^\d{1,19}$/),
  v.transform((digits) => BigInt(digits)),
)

/** What records of volumes and of snapshots have in common: the content of the image. */
const content = {
  accessTypes: v.array(v.picklist(['mount', 'block'])),
  fsType: v.picklist(fsTypes),
  fileSystem: v.variant('state', [
    v.object({ state: v.picklist(['new', 'unknown', 'imported']) }),
    v.object({ state: v.literal('formatted'), uuid: v.string() }),
  ]),
}

const attributes = Object.fromEntries(
  attributeKeys.map((key) => [key, v.picklist(parameterTable[key].values)]),
) as unknown as { readonly [K in keyof VolumeAttributes]: v.GenericSchema<VolumeAttributes[K]> }

const volumeJson = new VersionedJson(
  v.object({
    id: id<VolumeId>(),
    name: v.string(),
    capacityBytes: bytes,
    ...content,
    ...attributes,
    initial: v.object(attributes),
    mkfsOptions: v.array(v.string()),
    contentSource: v.optional(v.object({ type: v.picklist(['snapshot', 'volume']), id: v.string() })),
    ephemeral: v.boolean(),
    createdAt: v.string(),
    labels: v.record(v.string(), v.string()),
  }),
  [addFileSystem],
)

const snapshotJson = new VersionedJson(
  v.object({
    id: id<SnapshotId>(),
    name: v.string(),
    sourceVolumeId: id<VolumeId>(),
    sizeBytes: bytes,
    cutAt: v.string(),
    ...content,
    group: v.optional(
      v.object({
        id: id<GroupSnapshotId>(),
        name: v.string(),
        members: v.array(id<SnapshotId>()),
        pools: v.array(v.string()),
      }),
    ),
  }),
  [addFileSystem],
)

/**
 * `volume.json`, the one file beside a volume's image. It holds what was requested. Attachments and mounts
 * are never stored: the kernel knows them.
 */
export const volumeKind: RecordKind<Volume> = {
  folder: 'volumes',
  recordName: 'volume.json',

  /** Without the pool: it follows from the directory of the record, and can be renamed. */
  encode: ({ pool: _pool, ...record }) => volumeJson.print(record),

  decode(text, pool, imageBytes) {
    const record = volumeJson.parse(text)
    requireFullSize(imageBytes, record.capacityBytes)
    // After a crash between growing the image and writing the record, the image is the newer of the two.
    return { ...record, contentSource: record.contentSource, capacityBytes: imageBytes, pool }
  },
}

/** `snapshot.json`, the one file beside a snapshot's image. */
export const snapshotKind: RecordKind<Snapshot> = {
  folder: 'snapshots',
  recordName: 'snapshot.json',

  encode({ pool: _pool, pointInTime: cutAt, id, name, sourceVolumeId, sizeBytes, ...record }) {
    return snapshotJson.print({ id, name, sourceVolumeId, sizeBytes, cutAt, ...record })
  },

  decode(text, pool, imageBytes) {
    const { cutAt: pointInTime, ...record } = snapshotJson.parse(text)
    if (imageBytes !== record.sizeBytes) {
      throw new Error(`the image has ${imageBytes} bytes, the record says ${record.sizeBytes}`)
    }
    return { ...record, pointInTime, group: record.group, pool }
  },
}

function id<T extends string>(): v.CustomSchema<T, 'is no id'> {
  return v.custom<T, 'is no id'>((value) => typeof value === 'string' && isId(value), 'is no id')
}

const ATTEMPTS = 6
const FIRST_PAUSE_MS = 20

/**
 * Retries work that fails with a transient error, for 0.6 s.
 * @throws as `work` does
 */
async function retryTransient<T>(work: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await work()
    } catch (error) {
      if (!isTransient(error) || attempt === ATTEMPTS) throw error
      await setTimeout(FIRST_PAUSE_MS * 2 ** (attempt - 1))
    }
  }
}

/** An image is missing or too short. */
export class ImageDamage extends Error {
  readonly reason: 'ImageMissing' | 'ImageShrunk'

  constructor(reason: ImageDamage['reason'], message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = 'ImageDamage'
    this.reason = reason
  }
}

/** @throws ImageDamage when there is no image */
export async function imageSize(files: ImageFiles, path: string): Promise<ImageSize> {
  try {
    return await files.size(path)
  } catch (error) {
    if (!hasErrno(error, 'ENOENT', 'ENOTDIR')) throw error
    throw new ImageDamage('ImageMissing', `its image ${path} is missing`, { cause: error })
  }
}

/** @throws ImageDamage for an image that is shorter than its record says */
export function requireFullSize(imageBytes: bigint, capacityBytes: bigint): void {
  if (imageBytes >= capacityBytes) return
  const message = `the image has ${imageBytes} bytes, the record says ${capacityBytes}`
  throw new ImageDamage('ImageShrunk', message)
}

/** Names the volume and the remedy. */
export function describeDamage(volumeId: string, damage: ImageDamage): string {
  return issueOf(damage.reason, { id: volumeId, problem: damage.message }).message
}
