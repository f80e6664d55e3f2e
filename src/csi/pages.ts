import { VolumeError } from '../volumes/model/errors.ts'
import { isId } from '../volumes/model/ids.ts'

/** Keeps a page below the 4 MiB of a gRPC message, even if each of its volumes has two issues. */
const MAX_PAGE = 4000

export interface PageRequest {
  readonly maxEntries: number
  readonly startingToken: string
}

/** The position and the maximum length of a page. */
export interface PageBounds {
  /** The page begins after this id; an empty id means the start. */
  readonly after: string
  readonly size: number
}

/** @throws VolumeError aborted for a token that this driver did not issue; invalid-argument */
export function pageBounds({ maxEntries, startingToken }: PageRequest): PageBounds {
  if (maxEntries < 0) throw new VolumeError('invalid-argument', `max_entries ${maxEntries} is negative`)
  if (startingToken !== '' && !isId(startingToken)) {
    throw new VolumeError(
      'aborted',
      `starting_token "${startingToken}" was not issued by this driver; repeat the list without starting_token`,
    )
  }
  const size = maxEntries === 0 ? MAX_PAGE : Math.min(maxEntries, MAX_PAGE)
  return { after: startingToken, size }
}

/**
 * One page of a list that is ordered by id. The token is the last id of the previous page, so it stays valid
 * when objects are created or deleted, including the object with that id.
 * @param list returns at most `limit` records after the id `after`
 * @throws VolumeError as `pageBounds` does
 */
export function pageOf<T extends { readonly id: string }>(
  request: PageRequest,
  list: (after: string, limit: number) => T[],
): { page: T[]; nextToken: string } {
  const { after, size } = pageBounds(request)
  const records = list(after, size + 1)
  const page = records.slice(0, size)
  return { page, nextToken: records.length > size ? (page.at(-1)?.id ?? '') : '' }
}
