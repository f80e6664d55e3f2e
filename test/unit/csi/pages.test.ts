import { describe, expect, it } from '@jest/globals'
import { pageOf } from '../../../src/csi/pages.ts'
import { volumeIdFor } from '../../../src/volumes/model/ids.ts'

const ids = ['a', 'b', 'c', 'd', 'e'].map((name) => volumeIdFor('n1', name)).sort()

/** Lists these ids as a catalog does. */
const list =
  (all: readonly string[]) =>
  (after: string, limit: number): { id: string }[] =>
    all
      .filter((id) => id > after)
      .slice(0, limit)
      .map((id) => ({ id }))

/** All pages, by their tokens. */
function pages(maxEntries: number, listOf: (page: number) => readonly string[] = () => ids): string[][] {
  const found: string[][] = []
  let startingToken = ''
  do {
    const { page, nextToken } = pageOf({ maxEntries, startingToken }, list(listOf(found.length)))
    found.push(page.map(({ id }) => id))
    startingToken = nextToken
  } while (startingToken !== '')
  return found
}

describe('pageOf', () => {
  it.each([
    [0, [5]],
    [1, [1, 1, 1, 1, 1]],
    [2, [2, 2, 1]],
    [4, [4, 1]],
    [5, [5]],
    [6, [5]],
  ])('with max_entries %i has pages of %j', (maxEntries, sizes) => {
    const found = pages(maxEntries)
    expect(found.map((page) => page.length)).toEqual(sizes)
    expect(found.flat()).toEqual(ids)
  })

  it('has one empty page, and no token, where there is nothing', () => {
    expect(pages(2, () => [])).toEqual([[]])
  })

  it('stays correct when the record of the token is deleted', () => {
    const found = pages(2, (page) => (page === 0 ? ids : ids.filter((id) => id !== ids[1])))
    expect(found.flat()).toEqual(ids)
  })

  it('limits a page to the size of a message, for any request', () => {
    let asked = 0
    const listing = (_: string, limit: number): { id: string }[] => {
      asked = limit
      return []
    }
    pageOf({ maxEntries: 2_000_000_000, startingToken: '' }, listing)
    expect(asked).toBeLessThan(20_000)
  })

  it.each([
    [{ maxEntries: -1, startingToken: '' }, 'invalid-argument', 'max_entries -1'],
    [{ maxEntries: 0, startingToken: 'x' }, 'aborted', 'starting_token "x"'],
    [{ maxEntries: 0, startingToken: `${ids[0] ?? ''}0` }, 'aborted', 'starting_token'],
  ])('refuses %j', (request, kind, words) => {
    expect(() => pageOf(request, list(ids))).toThrow(expect.objectContaining({ kind }))
    expect(() => pageOf(request, list(ids))).toThrow(words)
  })
})
