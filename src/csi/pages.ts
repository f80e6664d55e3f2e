import { VolumeError } from '../volumes/model/errors.ts'
import { isId } from '../volumes/model/ids.ts'

/**
 * What a page has at most, so that it stays below the 4 MiB of a gRPC message, also when every volume of it
 * has two problems.
 */
const MAXIMUM_PAGE = 4000

export interface PageRequest {
  readonly maxEntries: number
  readonly startingToken: string
}

/** Where a page begins, and how long it is at most. */
export interface PageBounds {
  /** The page begins behind this id; empty: at the start. */
  readonly after: string
  readonly size: number
}

/** @throws VolumeError aborted for a token that is none of ours; invalid-argument */
export function pageBounds({ maxEntries, startingToken }: PageRequest): PageBounds {
  if (maxEntries < 0) throw new VolumeError('invalid-argument', `max_entries ${maxEntries} is negative`)
  if (startingToken !== '' && !isId(startingToken)) {
    throw new VolumeError(
      'aborted',
      `starting_token "${startingToken}" is not one of ours; list from the start`,
    )
  }
  const size = maxEntries === 0 ? MAXIMUM_PAGE : Math.min(maxEntries, MAXIMUM_PAGE)
  return { after: startingToken, size }
}

/**
 * One page of a list that is ordered by id. The token is the last id of the page before, so it stays right
 * whatever comes and goes in between, and also when that one is gone.
 *
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
