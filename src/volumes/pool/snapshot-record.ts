import * as v from 'valibot'
import type { GroupSnapshotId, SnapshotId, VolumeId } from '../ids.ts'
import type { Snapshot } from '../snapshots/snapshot.ts'
import { accessTypes, bytes, fsType, id, parseRecord, printRecord } from './record-schema.ts'
import type { RecordKind } from './load-record.ts'

const SCHEMA_VERSION = 1

const schema = v.object({
  id: id<SnapshotId>(),
  name: v.string(),
  sourceVolumeId: id<VolumeId>(),
  sizeBytes: bytes,
  cutAt: v.string(),
  accessTypes,
  fsType,
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

  encode: ({ pool: _pool, ...record }) => printRecord(SCHEMA_VERSION, record),

  decode(text, pool, imageBytes) {
    const record = parseRecord(text, SCHEMA_VERSION, schema)
    if (imageBytes !== record.sizeBytes) {
      throw new Error(`the image has ${imageBytes} bytes, the record says ${record.sizeBytes}`)
    }
    return { ...record, group: record.group, pool }
  },
}
