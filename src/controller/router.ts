import type { IdentityDefinition } from '../csi/generated/csi/v1/Identity.ts'
import { identityService } from '../csi/identity.ts'
import { nodeGetCapabilities } from '../csi/node.ts'
import { csi, type Csi, type Handlers } from '../csi/protocol.ts'
import type { CsiServer } from '../csi/server.ts'
import { VolumeError } from '../volumes/model/errors.ts'
import { noCluster, type ClusterContext } from './cluster-ports.ts'
import type { NodeDirectory } from './directory.ts'
import type { RemoteNode } from './remote-node.ts'
import { groupRoutes, snapshotRoutes } from './snapshots.ts'
import { volumeRoutes } from './volumes.ts'

/** As in GetPluginInfo. */
interface DriverInfo {
  readonly driverName: string
  readonly version: string
}

/**
 * Adds the services of the whole cluster to a server. The router has no state: an id determines its node, and
 * only the nodes know what exists, so the process can end at any time.
 */
export function addRoutes(
  server: CsiServer,
  nodes: NodeDirectory,
  driver: DriverInfo,
  cluster: ClusterContext = noCluster,
): void {
  const { Identity, Controller, GroupController, SnapshotMetadata, Node } = csi()
  server.add(Identity, identityRoutes(nodes, driver))
  server.add(Controller, {
    ...volumeRoutes(nodes, cluster),
    ...snapshotRoutes(nodes, cluster),
  })
  server.add(GroupController, groupRoutes(nodes, cluster))
  server.add(SnapshotMetadata, metadataRoutes(nodes))
  // csi-resizer asks for the capabilities of nodes on this socket.
  server.add(Node, { nodeGetCapabilities })
}

/** CSI's Identity service: the same driver as on the nodes, ready when their addresses are known. */
function identityRoutes(nodes: NodeDirectory, driver: DriverInfo): Handlers<IdentityDefinition> {
  return {
    ...identityService({ ...driver, checkHealth: () => Promise.resolve() }),
    probe: () => ({ ready: { value: nodes.isKnown } }),
  }
}

/** CSI's SnapshotMetadata service. */
function metadataRoutes(nodes: NodeDirectory): Handlers<Csi['SnapshotMetadata']> {
  return {
    async *getMetadataAllocated(request, signal, deadline) {
      const node = nodeOfSnapshot(nodes, 'snapshot_id', request.snapshotId)
      yield* node.stream({ signal, deadline }, ({ snapshotMetadata }, options) =>
        snapshotMetadata.getMetadataAllocated(request, options),
      )
    },

    async *getMetadataDelta(request, signal, deadline) {
      const node = nodeOfSnapshot(nodes, 'target_snapshot_id', request.targetSnapshotId)
      yield* node.stream({ signal, deadline }, ({ snapshotMetadata }, options) =>
        snapshotMetadata.getMetadataDelta(request, options),
      )
    },
  }
}

/** @throws VolumeError invalid-argument without an id; not-found for one that is not of this driver */
function nodeOfSnapshot(nodes: NodeDirectory, field: string, snapshotId: string): RemoteNode {
  if (snapshotId === '') throw new VolumeError('invalid-argument', `${field} is required`)
  const node = nodes.of(snapshotId)
  if (node) return node
  throw new VolumeError('not-found', `snapshot "${snapshotId}" does not exist`)
}
