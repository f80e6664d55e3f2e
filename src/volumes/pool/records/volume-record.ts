import * as v from 'valibot'
import type { VolumeId } from '../../model/ids.ts'
import type { Volume } from '../../model/volume.ts'
import { requireWhole } from './damage.ts'
import {
  accessTypes,
  addFileSystem,
  bytes,
  fileSystem,
  fsType,
  id,
  parseRecord,
  printRecord,
} from './record-schema.ts'
import type { RecordKind } from './load-record.ts'

const migrations = [addFileSystem]

const attributes = {
  provisioning: v.picklist(['thin', 'thick']),
  directIo: v.picklist(['auto', 'on', 'off']),
  discard: v.picklist(['none', 'online', 'periodic']),
}

const schema = v.object({
  id: id<VolumeId>(),
  name: v.string(),
  capacityBytes: bytes,
  accessTypes,
  fsType,
  fileSystem,
  ...attributes,
  initial: v.object(attributes),
  mkfsOptions: v.array(v.string()),
  contentSource: v.optional(v.object({ type: v.picklist(['snapshot', 'volume']), id: v.string() })),
  ephemeral: v.boolean(),
  createdAt: v.string(),
  labels: v.record(v.string(), v.string()),
})

/**
 * `volume.json`, the one file beside a volume's image. It holds what was asked for; what is attached or
 * mounted is the kernel's to know and is never written down.
 */
export const volumeKind: RecordKind<Volume> = {
  folder: 'volumes',
  recordName: 'volume.json',

  /** Without the pool, which is where the record lies and may be renamed. */
  encode: ({ pool: _pool, ...record }) => printRecord(record, migrations),

  decode(text, pool, imageBytes) {
    const record = parseRecord(text, schema, migrations)
    requireWhole(imageBytes, record.capacityBytes)
    // A crash between growing the image and writing the record: the image is the later one.
    return { ...record, contentSource: record.contentSource, capacityBytes: imageBytes, pool }
  },
}
