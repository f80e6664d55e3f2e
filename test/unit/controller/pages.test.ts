import { describe, expect, it } from '@jest/globals'
import { pageAcross, type Page } from '../../../src/controller/forward.ts'
import { pageOf, type PageRequest } from '../../../src/csi/pages.ts'
import { nodeHash, volumeIdFor } from '../../../src/volumes/model/ids.ts'
import { Dice } from '../../support/images.ts'

/** A node with volumes in no order, that answers as the real one does. */
class ListedNode {
  readonly hash: string
  readonly ids: string[]
  asked = 0

  constructor(name: string, volumes: number) {
    this.hash = nodeHash(name)
    this.ids = Array.from({ length: volumes }, (_, index) => volumeIdFor(name, `volume ${index}`))
  }

  list(request: PageRequest): Page<string> {
    this.asked++
    const { page, nextToken } = pageOf(request, (after, limit) =>
      this.ids
        .filter((id) => id > after)
        .sort()
        .slice(0, limit)
        .map((id) => ({ id })),
    )
    return { entries: page.map(({ id }) => id), nextToken }
  }
}

function byHash(nodes: ListedNode[]): ListedNode[] {
  return nodes.sort((a, b) => (a.hash < b.hash ? -1 : 1))
}

function ask(node: ListedNode, page: PageRequest): Promise<Page<string>> {
  return Promise.resolve(node.list(page))
}

/** All pages, of sizes that `size` says. */
async function listAll(nodes: ListedNode[], size: () => number): Promise<string[][]> {
  const pages: string[][] = []
  let startingToken = ''
  do {
    const page = await pageAcross(nodes, { maxEntries: size(), startingToken }, ask)
    pages.push(page.entries)
    startingToken = page.nextToken
  } while (startingToken !== '')
  return pages
}

describe('a list over all nodes', () => {
  it.each(Array.from({ length: 200 }, (_, seed) => seed))(
    'is whole and in order, page by page (%i)',
    async (seed) => {
      const dice = new Dice(seed)
      const nodes = byHash(
        Array.from({ length: dice.roll(6) }, (_, index) => new ListedNode(`n${seed}-${index}`, dice.roll(8))),
      )
      const size = 1 + dice.roll(7)
      const pages = await listAll(nodes, () => size)
      const everything = nodes.flatMap(({ ids }) => ids).sort()
      expect(pages.flat()).toEqual(everything)
      expect(pages.length).toBe(Math.max(Math.ceil(everything.length / size), 1))
    },
  )

  it.each(Array.from({ length: 50 }, (_, seed) => seed))(
    'shows what stays, once, while others come and go (%i)',
    async (seed) => {
      const dice = new Dice(seed)
      const nodes = byHash(['a', 'b', 'c'].map((name) => new ListedNode(`${name}${seed}`, 20)))
      const stay = nodes.flatMap(({ ids }) => ids).filter(() => dice.roll(2) === 0)
      const pages = await listAll(nodes, () => {
        for (const node of nodes)
          node.ids.splice(
            0,
            node.ids.length,
            ...node.ids.filter((id) => stay.includes(id) || dice.roll(3) > 0),
          )
        return 1 + dice.roll(9)
      })
      const seen = pages.flat()
      expect(new Set(seen).size).toBe(seen.length)
      expect(seen).toEqual([...seen].sort())
      expect(stay.every((id) => seen.includes(id))).toBe(true)
    },
  )

  it('asks only the node of the next page after a full page', async () => {
    const nodes = byHash(['a', 'b', 'c', 'd'].map((name) => new ListedNode(name, 10)))
    await pageAcross(nodes, { maxEntries: 5, startingToken: '' }, ask)
    expect(nodes.map(({ asked }) => asked)).toEqual([1, 0, 0, 0])
  })

  it('continues after a node that no longer exists', async () => {
    const nodes = byHash(['a', 'b', 'c'].map((name) => new ListedNode(name, 4)))
    const { nextToken } = await pageAcross(nodes, { maxEntries: 6, startingToken: '' }, ask)
    const [, gone, last] = nodes
    const rest = await pageAcross(
      nodes.filter((node) => node !== gone),
      { maxEntries: 0, startingToken: nextToken },
      ask,
    )
    expect(rest).toEqual({ entries: last?.ids.sort(), nextToken: '' })
  })

  it('refuses a token that is not ours', async () => {
    const request = { maxEntries: 0, startingToken: 'invalid-token' }
    await expect(pageAcross([], request, ask)).rejects.toMatchObject({ kind: 'aborted' })
  })

  it('fails when a node is unreachable, instead of leaving out its entries', async () => {
    const nodes = byHash(['a', 'b'].map((name) => new ListedNode(name, 1)))
    const away = () => Promise.reject(new Error('away'))
    await expect(pageAcross(nodes, { maxEntries: 0, startingToken: '' }, away)).rejects.toThrow('away')
  })
})
