import { VolumeError } from '../volumes/model/errors.ts'
import { isId } from '../volumes/model/ids.ts'

/** Keeps a page below the 4 MiB of a gRPC message, even if each of its volumes has two problems. */
const MAX_PAGE = 4000

export interface PageRequest {
  readonly maxEntries: number
  readonly startingToken: string
}

/** The position and the maximum length of a page. */
export interface PageBounds {
  /** The page begins behind this id; empty: at the start. */
  readonly after: string
  readonly size: number
}

/** @throws VolumeError aborted for a token that is not of this driver; invalid-argument */
export function pageBounds({ maxEntries, startingToken }: PageRequest): PageBounds {
  if (maxEntries < 0) throw new VolumeError('invalid-argument', `max_entries ${maxEntries} is negative`)
  if (startingToken !== '' && !isId(startingToken)) {
    throw new VolumeError(
      'aborted',
      `starting_token "${startingToken}" is not of this driver; list from the start`,
    )
  }
  const size = maxEntries === 0 ? MAX_PAGE : Math.min(maxEntries, MAX_PAGE)
  return { after: startingToken, size }
}

/**
 * One page of a list that is ordered by id. The token is the last id of the previous page, so it stays valid
 * when objects are created or deleted, also the object of that id.
 * @param list gives at most `limit` records behind the id `after`
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
