import type { CallOptions, CsiClient } from '../csi/client.ts'
import { isAnswer } from '../csi/errors.ts'
import { isAway, type Caller, type RemoteNode } from './remote-node.ts'

/**
 * The node that has made something of a name already, by looking up the id that each node would have given it. Names are
 * the cluster's, ids a node's. A node that is away cannot be asked, and does not hold up the others.
 * @param get gets it by its id, or fails with NOT_FOUND
 */
export async function ownerOfName(
  nodes: readonly RemoteNode[],
  idOn: (nodeName: string) => string,
  get: (client: CsiClient, id: string, options: CallOptions) => Promise<unknown>,
  caller: Caller,
): Promise<RemoteNode | undefined> {
  const isThere = async (node: RemoteNode): Promise<boolean> => {
    try {
      await node.call(caller, (client, options) => get(client, idOn(node.name), options))
      return true
    } catch (error) {
      if (isAway(error) || isAnswer(error, 'NOT_FOUND')) return false
      // It is damaged, or a group with other members than were asked for.
      if (isAnswer(error, 'FAILED_PRECONDITION', 'INVALID_ARGUMENT')) return true
      throw error
    }
  }
  const found = await Promise.all(nodes.map(isThere))
  return nodes.find((_, index) => found[index])
}
