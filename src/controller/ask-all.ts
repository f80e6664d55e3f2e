import type { Logger } from 'pino'
import type { CallOptions, CsiClient } from '../csi/client.ts'
import { messageOf } from '../volumes/model/errors.ts'
import type { Caller, RemoteNode } from './remote-node.ts'

/** What the nodes say to a question. */
export interface Answers<T> {
  readonly answers: readonly { readonly node: RemoteNode; readonly answer: T }[]
  /** The nodes that could not be asked, did not answer in time, or refused, each with its reason. */
  readonly silent: readonly { readonly node: RemoteNode; readonly reason: Error }[]
}

/**
 * Asks several nodes the same at once. A node that gives no answer is logged and passed over, so that it does
 * not hold up what the others can answer.
 *
 * @param work reads only: it is given up on after a few seconds
 * @throws the signal's reason when the caller has given up
 */
export async function askAll<T>(
  nodes: readonly RemoteNode[],
  log: Logger,
  caller: Caller,
  work: (client: CsiClient, options: CallOptions, node: RemoteNode) => Promise<T>,
): Promise<Answers<T>> {
  const asked = nodes.map((node) => node.ask(caller, (client, options) => work(client, options, node)))
  const results = await Promise.allSettled(asked)
  caller.signal.throwIfAborted()
  const answers: { node: RemoteNode; answer: T }[] = []
  const silent: { node: RemoteNode; reason: Error }[] = []
  for (const [index, node] of nodes.entries()) {
    const result = results[index]
    if (result?.status === 'fulfilled') answers.push({ node, answer: result.value })
    else silent.push({ node, reason: result?.reason as Error })
  }
  for (const { node, reason } of silent)
    log.warn({ node: node.name, error: messageOf(reason) }, 'a node gives no answer and is passed over')
  return { answers, silent }
}

/** The names of nodes, for an error. */
export function namesOf(nodes: readonly { readonly name: string }[]): string {
  return nodes.map(({ name }) => `"${name}"`).join(', ')
}
