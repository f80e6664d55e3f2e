import { pageBounds, type PageRequest } from '../csi/pages.ts'
import { beforeAllIdsOf, nodeHashOf } from '../volumes/model/ids.ts'

/** How long a node may take for one page of a list, in milliseconds. */
export const PAGE_MS = 20_000

export interface Page<Entry> {
  readonly entries: Entry[]
  readonly nextToken: string
}

/**
 * One page of the lists of all nodes together, which are ordered by id. Ids begin with their node's hash, so
 * that one node's come after another's, and a token says by itself which node is next: nothing has to be
 * remembered.
 *
 * @param nodes in the order of their hashes
 * @throws VolumeError as pageBounds does, and what `ask` throws: a list without what a missing node has would
 * be taken for whole
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
      // Full: what is left to find out is whether anything comes behind.
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
