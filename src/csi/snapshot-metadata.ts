import type { BlockMap, MetadataReader } from '../volumes/snapshots/metadata-reader.ts'
import type { MetadataQuery } from '../volumes/snapshots/metadata.ts'
import type { GetMetadataAllocatedResponseInit } from './generated/csi/v1/GetMetadataAllocatedResponse.ts'
import type { Csi, Handlers } from './protocol.ts'
import { required } from './requests.ts'

/** CSI's SnapshotMetadata service. */
export function snapshotMetadataService(metadata: MetadataReader): Handlers<Csi['SnapshotMetadata']> {
  return {
    async *getMetadataAllocated(request, signal) {
      const id = required('snapshot_id', request.snapshotId)
      yield* toMessages(metadata.allocated(id, toQuery(request), signal))
    },

    async *getMetadataDelta(request, signal) {
      const baseId = required('base_snapshot_id', request.baseSnapshotId)
      const targetId = required('target_snapshot_id', request.targetSnapshotId)
      yield* toMessages(metadata.delta(baseId, targetId, toQuery(request), signal))
    },
  }
}

function toQuery(request: { readonly startingOffset: string; readonly maxResults: number }): MetadataQuery {
  return { startingOffset: BigInt(request.startingOffset), maxResults: request.maxResults }
}

/**
 * Of variable length, because extents are: in pieces of one size the gigabyte that a file system has in one
 * extent would be thousands of tuples, and the single block beside it would have to be told as more than it
 * is.
 */
async function* toMessages({ sizeBytes, pages }: BlockMap): AsyncGenerator<GetMetadataAllocatedResponseInit> {
  for await (const page of pages) {
    yield {
      blockMetadataType: 'VARIABLE_LENGTH',
      volumeCapacityBytes: sizeBytes.toString(),
      blockMetadata: page.map(({ offset, length }) => ({
        byteOffset: offset.toString(),
        sizeBytes: length.toString(),
      })),
    }
  }
}
