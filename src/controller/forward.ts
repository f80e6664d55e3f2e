import type { CallOptions, CsiClient } from '../csi/client.ts'
import { VolumeError } from '../volumes/model/errors.ts'
import type { NodeDirectory } from './directory.ts'
import { isAway, type Caller, type RemoteNode } from './remote-node.ts'

type Work<T> = (client: CsiClient, options: CallOptions) => Promise<T>

/**
 * Calls the node that gave out the id. An id that no node can have given out is for any of them to refuse: so
 * all of a request is checked in one place, and in one order.
 * @throws VolumeError unavailable, and whatever the node answers
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

/** A handler that hands its call on to the node that gave out an id in the request. */
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

/** A handler of a deletion that has nothing to do any more for what was on a node that is gone for good. */
export function unlessGone<Request, Rest extends readonly unknown[], Response extends object>(
  isGone: (id: string) => boolean,
  idIn: (request: Request) => string,
  handler: (request: Request, ...rest: Rest) => Promise<Response>,
) {
  return async (request: Request, ...rest: Rest): Promise<Response | Record<string, never>> =>
    isGone(idIn(request)) ? {} : handler(request, ...rest)
}

/**
 * Calls the first node that answers; an id that no node can have given out is refused at once.
 * @throws VolumeError unavailable when none is
 */
async function callAny<T>(nodes: readonly RemoteNode[], caller: Caller, work: Work<T>): Promise<T> {
  let reason: unknown = new VolumeError('unavailable', 'there are no nodes')
  for (const node of nodes) {
    try {
      return await node.ask(caller, work)
    } catch (error) {
      if (!isAway(error)) throw error
      reason = error
    }
  }
  throw reason
}
