import { basename, join } from 'node:path'
import * as v from 'valibot'
import { retryTransient } from '../../concurrency/retry.ts'
import { attributeKeys, parameterTable, type VolumeAttributes } from '../../model/attributes.ts'
import { isId, type GroupSnapshotId, type SnapshotId, type VolumeId } from '../../model/ids.ts'
import { fsTypes } from '../../model/ports/file-systems.ts'
import type { ImageFiles } from '../../model/ports/image-files.ts'
import type { Snapshot } from '../../model/snapshot.ts'
import type { Volume } from '../../model/volume.ts'
import { readSmall } from '../files/durable.ts'
import { VersionedJson, type Migration } from '../files/versioned-json.ts'
import { imageSize, requireFullSize } from './damage.ts'
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
