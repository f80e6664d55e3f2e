import type { Handlers } from '../csi/handlers.ts'
import type { Csi } from '../csi/protocol.ts'
import { VolumeError } from '../volumes/model/errors.ts'
import type { NodeDirectory } from './directory.ts'
import type { RemoteNode } from './remote-node.ts'

/** CSI's SnapshotMetadata service. */
export function metadataRoutes(nodes: NodeDirectory): Handlers<Csi['SnapshotMetadata']> {
  return {
    async *getMetadataAllocated(request, signal, deadline) {
      const node = nodeOf(nodes, 'snapshot_id', request.snapshotId)
      yield* node.stream({ signal, deadline }, ({ snapshotMetadata }, options) =>
        snapshotMetadata.getMetadataAllocated(request, options),
      )
    },

    async *getMetadataDelta(request, signal, deadline) {
      const node = nodeOf(nodes, 'target_snapshot_id', request.targetSnapshotId)
      yield* node.stream({ signal, deadline }, ({ snapshotMetadata }, options) =>
        snapshotMetadata.getMetadataDelta(request, options),
      )
    },
  }
}

/**
 * @throws VolumeError not-found for an id that no node can have given out; invalid-argument when there is
 * none
 */
function nodeOf(nodes: NodeDirectory, field: string, snapshotId: string): RemoteNode {
  if (snapshotId === '') throw new VolumeError('invalid-argument', `${field} is required`)
  return nodes.of(snapshotId) ?? notFound(snapshotId)
}

function notFound(snapshotId: string): never {
  throw new VolumeError('not-found', `snapshot "${snapshotId}" does not exist`)
}
