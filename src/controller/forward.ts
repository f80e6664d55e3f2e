import type { CallOptions, CsiClient } from '../csi/client.ts'
import { isAnswer } from '../csi/errors.ts'
import { pageBounds, type PageRequest } from '../csi/pages.ts'
import { messageOf, VolumeError } from '../volumes/model/errors.ts'
import { beforeAllIdsOf, nodeHashOf } from '../volumes/model/ids.ts'
import type { NodeDirectory } from './directory.ts'
import { isUnreachable, type Caller, type RemoteNode } from './remote-node.ts'

type Work<T> = (client: CsiClient, options: CallOptions) => Promise<T>

/**
 * Calls the node of the id. For an id that is not of this driver, any node is called, which refuses it: so
 * requests are validated in one place and in one order.
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

/** A delete handler that succeeds without a call for objects on a node that was given up. */
export function unlessOnLostNode<Request, Rest extends readonly unknown[], Response extends object>(
  isOnLostNode: (id: string) => boolean,
  idIn: (request: Request) => string,
  handler: (request: Request, ...rest: Rest) => Promise<Response>,
) {
  return async (request: Request, ...rest: Rest): Promise<Response | Record<string, never>> =>
    isOnLostNode(idIn(request)) ? {} : handler(request, ...rest)
}

/** How many nodes are called at once where any of them can answer. */
const ANY_AT_ONCE = 4

/**
 * The first answer of any node. Several are called at once, so that nodes that do not answer are not waited
 * for one after another; those that did not answer last come last.
 * @param work must only read, or be refused
 * @throws VolumeError unavailable when no node answers
 */
async function callAny<T>(nodes: readonly RemoteNode[], caller: Caller, work: Work<T>): Promise<T> {
  const inOrder = [...nodes].sort((a, b) => Number(a.isSilent) - Number(b.isSilent))
  let reason: unknown = new VolumeError('unavailable', 'there are no nodes')
  for (let first = 0; first < inOrder.length; first += ANY_AT_ONCE) {
    const answers = inOrder.slice(first, first + ANY_AT_ONCE).map((node) => answerOf(node, caller, work))
    const outcome = await Promise.any(answers).catch((error: unknown) => error as AggregateError)
    if (typeof outcome === 'function') return outcome()
    caller.signal.throwIfAborted()
    reason = outcome.errors[0]
  }
  throw reason
}

/**
 * What a node answers, also when it refuses, as a function that returns or throws it.
 * @throws the error of an unreachable node
 */
async function answerOf<T>(node: RemoteNode, caller: Caller, work: Work<T>): Promise<() => T> {
  try {
    const answer = await node.ask(caller, work)
    return () => answer
  } catch (error) {
    if (isUnreachable(error) || caller.signal.aborted) throw error
    return () => {
      throw error
    }
  }
}

/** The answers of several nodes to the same call. */
export interface Answers<T> {
  readonly answers: readonly { readonly node: RemoteNode; readonly answer: T }[]
  /** The nodes that could not be reached, did not answer in time, or refused. */
  readonly unreachable: readonly { readonly node: RemoteNode; readonly reason: Error }[]
}

/**
 * Limit on the calls of `askAll` that run at once, of all callers. Each takes 15 KiB: a hundred calls of
 * csi-provisioner to 200 nodes would take more memory than this process has.
 */
const MAX_ASKED = 2000

/** Fewer at once would delay many callers where a node is slow. */
const MIN_ASKED_EACH = 2

/**
 * Calls several nodes concurrently. A node that does not answer is logged once and skipped, so that it does
 * not delay the others.
 * @param work must only read: it is abandoned after a few seconds
 * @throws the signal's reason when the caller has cancelled the call
 */
export async function askAll<T>(
  nodes: readonly RemoteNode[],
  log: NodeDirectory['log'],
  caller: Caller,
  work: (client: CsiClient, options: CallOptions, node: RemoteNode) => Promise<T>,
): Promise<Answers<T>> {
  const limit = Math.max(MIN_ASKED_EACH, Math.floor(MAX_ASKED / nodes.length))
  const silent = new Set(nodes.filter(({ isSilent }) => isSilent))
  const asked = nodes.map((node) =>
    node.turns.run(limit, () => node.ask(caller, (client, options) => work(client, options, node))),
  )
  const results = await Promise.allSettled(asked)
  caller.signal.throwIfAborted()
  const answers: { node: RemoteNode; answer: T }[] = []
  const unreachable: { node: RemoteNode; reason: Error }[] = []
  for (const [index, node] of nodes.entries()) {
    const result = results[index]
    if (result?.status === 'fulfilled') answers.push({ node, answer: result.value })
    else unreachable.push({ node, reason: result?.reason as Error })
  }
  for (const { node, reason } of unreachable) {
    const level = silent.has(node) ? 'debug' : 'warn'
    log[level]({ node: node.name, error: messageOf(reason) }, 'a node does not answer, and is skipped')
  }
  return { answers, unreachable }
}

/** The names of nodes, for an error. */
export function namesOf(nodes: readonly { readonly name: string }[]): string {
  return nodes.map(({ name }) => `"${name}"`).join(', ')
}

/** How to look up an object by its name: names are unique in the cluster, ids contain a hash of the node. */
export interface Lookup {
  /** The id that the object has if this node has created it. */
  readonly idOn: (nodeName: string) => string
  /** Gets it by its id, or fails with NOT_FOUND. */
  readonly get: (client: CsiClient, id: string, options: CallOptions) => Promise<unknown>
}

export interface Owner {
  /** The node that has an object of this name. */
  readonly owner: RemoteNode | undefined
  /** The nodes that did not answer, and may have an object of this name. */
  readonly unreachable: readonly RemoteNode[]
}

export async function ownerOfName(
  nodes: readonly RemoteNode[],
  { get, idOn }: Lookup,
  log: NodeDirectory['log'],
  caller: Caller,
): Promise<Owner> {
  const { answers, unreachable } = await askAll(nodes, log, caller, async (client, options, node) => {
    try {
      await get(client, idOn(node.name), options)
      return true
    } catch (error) {
      if (isAnswer(error, 'NOT_FOUND')) return false
      // It exists, but is damaged, or is a group with other members than requested.
      if (isAnswer(error, 'FAILED_PRECONDITION', 'INVALID_ARGUMENT')) return true
      throw error
    }
  })
  const owner = answers.find(({ answer }) => answer)?.node
  return { owner, unreachable: unreachable.map(({ node }) => node) }
}

/**
 * Checks that no other node has an object with the name of the one to be created. A snapshot is on the node
 * of its volume, so a repeated call finds it there, and a name that another node uses is an error of the
 * caller. Nodes that do not answer are therefore skipped.
 * @throws VolumeError already-exists
 */
export async function requireNameFree(
  nodes: NodeDirectory,
  {
    name,
    node,
    what,
  }: { readonly name: string; readonly node: RemoteNode | undefined; readonly what: string },
  lookup: Lookup,
  caller: Caller,
): Promise<void> {
  const others = nodes.all().filter((other) => other !== node)
  const { owner } = await ownerOfName(others, lookup, nodes.log, caller)
  if (!owner) return
  throw new VolumeError('already-exists', `name "${name}" is taken by a ${what} on node "${owner.name}"`)
}

/** Deadline of a node for one page of a list, in milliseconds. */
export const PAGE_MS = 20_000

export interface Page<Entry> {
  readonly entries: Entry[]
  readonly nextToken: string
}

/**
 * One page of the lists of all nodes, ordered by id. Ids begin with their node's hash, so a token, which is
 * an id, determines the next node, and the router needs no state.
 * @param nodes in the order of their hashes
 * @throws VolumeError as pageBounds, and the errors of `ask`: a partial list would look like lost volumes
 */
export async function pageAcross<Node extends { readonly hash: string }, Entry>(
  nodes: readonly Node[],
  request: PageRequest,
  ask: (node: Node, page: PageRequest) => Promise<Page<Entry>>,
): Promise<Page<Entry>> {
  const { after, size } = pageBounds(request)
  const entries: Entry[] = []
  const begin = nodeHashOf(after) ?? ''
  for (const node of nodes.filter(({ hash }) => hash >= begin)) {
    let startingToken = node.hash === begin ? after : ''
    do {
      const maxEntries = size - entries.length
      // When the page is full, one more entry decides whether there is a next page.
      const page = await ask(node, { maxEntries: Math.max(maxEntries, 1), startingToken })
      const hasMore = page.entries.length > 0 || page.nextToken !== ''
      if (maxEntries === 0 && hasMore)
        return { entries, nextToken: startingToken || beforeAllIdsOf(node.hash) }
      if (maxEntries > 0) entries.push(...page.entries)
      startingToken = page.nextToken
      if (entries.length >= size && startingToken !== '') return { entries, nextToken: startingToken }
    } while (startingToken !== '')
  }
  return { entries, nextToken: '' }
}
