import * as v from 'valibot'
import type { GroupSnapshotId, SnapshotId, VolumeId } from '../../model/ids.ts'
import type { Snapshot } from '../../model/snapshot.ts'
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

const schema = v.object({
  id: id<SnapshotId>(),
  name: v.string(),
  sourceVolumeId: id<VolumeId>(),
  sizeBytes: bytes,
  cutAt: v.string(),
  accessTypes,
  fsType,
  fileSystem,
  group: v.optional(
    v.object({
      id: id<GroupSnapshotId>(),
      name: v.string(),
      members: v.array(id<SnapshotId>()),
      pools: v.array(v.string()),
    }),
  ),
})

/** `snapshot.json`, the one file beside a snapshot's image. */
export const snapshotKind: RecordKind<Snapshot> = {
  folder: 'snapshots',
  recordName: 'snapshot.json',

  encode: ({ pool: _pool, ...record }) => printRecord(record, migrations),

  decode(text, pool, imageBytes) {
    const record = parseRecord(text, schema, migrations)
    if (imageBytes !== record.sizeBytes) {
      throw new Error(`the image has ${imageBytes} bytes, the record says ${record.sizeBytes}`)
    }
    return { ...record, group: record.group, pool }
  },
}
