import { pageBounds, type PageRequest } from '../csi/pages.ts'
import { beforeAllIdsOf, nodeHashOf } from '../volumes/model/ids.ts'

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
