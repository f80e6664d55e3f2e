import type { CallOptions, CsiClient } from '../csi/client.ts'
import { VolumeError } from '../volumes/model/errors.ts'
import type { NodeDirectory } from './directory.ts'
import { isUnreachable, type Caller, type RemoteNode } from './remote-node.ts'

type Work<T> = (client: CsiClient, options: CallOptions) => Promise<T>

/**
 * Calls the node of the id. Any node refuses an id that is not of this driver, so that requests are validated
 * in one place and in one order.
 * @throws VolumeError unavailable, and the node's errors
 */
export async function callNodeOf<T>(
  nodes: NodeDirectory,
  id: string,
  caller: Caller,
  work: Work<T>,
): Promise<T> {
  const node = nodes.of(id)
  return node ? node.call(caller, work) : callAny(nodes.all(), caller, work)
}

/** A handler that forwards its call to the node of an id in the request. */
export function toNodeOf<Request, Response>(
  nodes: NodeDirectory,
  idIn: (request: Request) => string,
  method: (client: CsiClient) => (request: Request, options: CallOptions) => Promise<Response>,
) {
  return (request: Request, signal: AbortSignal, deadline: Caller['deadline']): Promise<Response> =>
    callNodeOf(nodes, idIn(request), { signal, deadline }, (client, options) =>
      method(client)(request, options),
    )
}

/** A handler of a deletion that succeeds at once for objects on a node that was given up. */
export function unlessOnLostNode<Request, Rest extends readonly unknown[], Response extends object>(
  isOnLostNode: (id: string) => boolean,
  idIn: (request: Request) => string,
  handler: (request: Request, ...rest: Rest) => Promise<Response>,
) {
  return async (request: Request, ...rest: Rest): Promise<Response | Record<string, never>> =>
    isOnLostNode(idIn(request)) ? {} : handler(request, ...rest)
}

/**
 * Calls the first node that answers.
 * @throws VolumeError unavailable when none does
 */
async function callAny<T>(nodes: readonly RemoteNode[], caller: Caller, work: Work<T>): Promise<T> {
  let reason: unknown = new VolumeError('unavailable', 'there are no nodes')
  for (const node of nodes) {
    try {
      return await node.ask(caller, work)
    } catch (error) {
      if (!isUnreachable(error)) throw error
      reason = error
    }
  }
  throw reason
}
