import { parseSnapshotParameters } from '../volumes/model/parameters.ts'
import type { Snapshot } from '../volumes/model/snapshot.ts'
import type { BlockMap, MetadataQuery, MetadataReader } from '../volumes/snapshots/metadata-reader.ts'
import { createSnapshot, deleteSnapshot } from '../volumes/snapshots/snapshots.ts'
import type { ControllerDefinition } from './generated/csi/v1/Controller.ts'
import type { GetMetadataAllocatedResponseInit } from './generated/csi/v1/GetMetadataAllocatedResponse.ts'
import type { SnapshotInit } from './generated/csi/v1/Snapshot.ts'
import { pageOf } from './pages.ts'
import type { Csi, Handlers } from './protocol.ts'
import { required, requiredName } from './requests.ts'
import type { NodeTopology } from './topology.ts'
import type { ControllerDependencies } from './volumes.ts'

/** The snapshot RPCs of CSI's Controller service. */
export function snapshotHandlers({ node, topology }: ControllerDependencies): Handlers<ControllerDefinition> {
  const { catalog } = node
  return {
    createSnapshot: async (request, signal) => {
      const name = requiredName(request.name)
      const source = required('source_volume_id', request.sourceVolumeId)
      const parameters = parseSnapshotParameters(request.parameters)
      topology.requireWithin(request.accessibilityRequirements)
      return { snapshot: toSnapshot(await createSnapshot(node, name, source, parameters, signal), topology) }
    },

    deleteSnapshot: async (request, signal) => {
      await deleteSnapshot(node, required('snapshot_id', request.snapshotId), signal)
      return {}
    },

    listSnapshots: (request) => {
      const filter = { id: request.snapshotId, sourceVolumeId: request.sourceVolumeId }
      const { page, nextToken } = pageOf(request, (after, limit) =>
        catalog.listSnapshots(filter, after, limit),
      )
      return { entries: page.map((snapshot) => ({ snapshot: toSnapshot(snapshot, topology) })), nextToken }
    },

    getSnapshot: (request) => {
      const id = required('snapshot_id', request.snapshotId)
      return { snapshot: toSnapshot(catalog.getSnapshot(id), topology) }
    },
  }
}

export function toSnapshot(snapshot: Snapshot, topology: NodeTopology): SnapshotInit {
  return {
    snapshotId: snapshot.id,
    sourceVolumeId: snapshot.sourceVolumeId,
    sizeBytes: snapshot.sizeBytes.toString(),
    creationTime: toTimestamp(snapshot.pointInTime),
    readyToUse: true,
    groupSnapshotId: snapshot.group?.id ?? '',
    accessibleTopology: [{ segments: topology.segments }],
  }
}

/** @param iso ISO 8601 */
export function toTimestamp(iso: string): { seconds: string; nanos: number } {
  const milliseconds = Date.parse(iso)
  return { seconds: Math.floor(milliseconds / 1000).toString(), nanos: (milliseconds % 1000) * 1e6 }
}

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
 * Blocks have variable lengths, like extents. With a fixed length, an extent of 1 GiB would be thousands of
 * tuples, or a small extent would be reported as larger than it is.
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
