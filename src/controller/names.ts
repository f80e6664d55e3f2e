import type { Logger } from 'pino'
import type { CallOptions, CsiClient } from '../csi/client.ts'
import { isAnswer } from '../csi/errors.ts'
import { askAll } from './ask-all.ts'
import type { Caller, RemoteNode } from './remote-node.ts'

export interface Owner {
  /** The node that has something of this name. */
  readonly owner: RemoteNode | undefined
  /** The nodes that gave no answer: whether they have something of this name is unknown. */
  readonly silent: readonly RemoteNode[]
}

/**
 * The node that has made something of a name already, by looking up the id that each node would have given
 * it. Names are the cluster's, ids a node's.
 * @param get gets it by its id, or fails with NOT_FOUND
 */
export async function ownerOfName(
  nodes: readonly RemoteNode[],
  idOn: (nodeName: string) => string,
  get: (client: CsiClient, id: string, options: CallOptions) => Promise<unknown>,
  log: Logger,
  caller: Caller,
): Promise<Owner> {
  const { answers, silent } = await askAll(nodes, log, caller, async (client, options, node) => {
    try {
      await get(client, idOn(node.name), options)
      return true
    } catch (error) {
      if (isAnswer(error, 'NOT_FOUND')) return false
      // It is damaged, or a group with other members than were asked for.
      if (isAnswer(error, 'FAILED_PRECONDITION', 'INVALID_ARGUMENT')) return true
      throw error
    }
  })
  const owner = answers.find(({ answer }) => answer)?.node
  return { owner, silent: silent.map(({ node }) => node) }
}
