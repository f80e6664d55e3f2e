import type { CsiServer } from '../csi/server.ts'
import { nodeGetCapabilities } from '../csi/node.ts'
import { csi } from '../csi/protocol.ts'
import type { NodeDirectory } from './directory.ts'
import { groupRoutes } from './groups.ts'
import { identityRoutes } from './identity.ts'
import { metadataRoutes } from './metadata.ts'
import { snapshotRoutes } from './snapshots.ts'
import { alone, type Surroundings } from './surroundings.ts'
import { volumeRoutes } from './volumes.ts'

/**
 * Adds the services of the whole cluster to a server. They keep nothing: where things are follows from their
 * ids, and what there is only the nodes know, so it does not matter when the process ends.
 */
export function addRoutes(
  server: CsiServer,
  nodes: NodeDirectory,
  driver: { readonly driverName: string; readonly version: string },
  surroundings: Surroundings = alone,
): void {
  const { Identity, Controller, GroupController, SnapshotMetadata, Node } = csi()
  server.add(Identity, identityRoutes(nodes, driver))
  server.add(Controller, {
    ...volumeRoutes(nodes, surroundings),
    ...snapshotRoutes(nodes, surroundings),
  })
  server.add(GroupController, groupRoutes(nodes, surroundings))
  server.add(SnapshotMetadata, metadataRoutes(nodes))
  // The resizer asks on this socket what nodes can do.
  server.add(Node, { nodeGetCapabilities })
}
