import { Certificates } from '../../../src/csi/certificates.ts'
import { silent } from '../../unit/volumes/world.ts'
import { serveParent } from './child.ts'
import { serveNode, type NodeSpec } from './serve-node.ts'

/** What the process of the nodes of a cluster serves. */
export interface NodesSpec {
  /** The certificates of a node. */
  readonly tlsDir: string
  readonly nodes: readonly NodeSpec[]
}

/** The port of each node, in their order. */
export interface NodePorts {
  readonly ports: readonly number[]
}

serveParent(async ({ tlsDir, nodes }: NodesSpec): Promise<NodePorts> => {
  const certificates = await Certificates.open(tlsDir, silent)
  const ports: number[] = []
  for (const node of nodes) ports.push(await serveNode(node, certificates))
  return { ports }
})
