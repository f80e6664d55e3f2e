import { larger, smaller } from '../model/bytes.ts'
import { hasErrno, VolumeError } from '../model/errors.ts'
import type { Extent, ImageCopier } from '../model/ports/image-copier.ts'
import type { Catalog } from '../pool/catalog.ts'

/** Where a snapshot has data, or differs from another one. */
export interface BlockMap {
  /** The size of the snapshot that the extents are of. */
  readonly sizeBytes: bigint
  /** Extents, ascending and without overlap, over all pages. */
  readonly pages: AsyncIterable<readonly Extent[]>
}

/**
 * Lists the parts of a snapshot that backup programs have to read. No lock is held while a slow caller reads:
 * the snapshot may be deleted meanwhile, but a started read continues to its end.
 */
export class MetadataReader {
  readonly #catalog: Catalog
  readonly #copier: ImageCopier

  constructor(catalog: Catalog, copier: ImageCopier) {
    this.#catalog = catalog
    this.#copier = copier
  }

  /** What is not listed reads as zeros. @throws VolumeError not-found, invalid-argument, out-of-range */
  allocated(id: string, query: MetadataQuery, signal: AbortSignal): BlockMap {
    const snapshot = this.#catalog.getSnapshot(id)
    const image = this.#catalog.snapshotImage(snapshot)
    const extents = this.#copier.extents(image, query.startingOffset, signal)
    return this.#map(extents, query, snapshot.sizeBytes, [id])
  }

  /**
   * Either may be the older one. If the volume has grown in between, the smaller one counts as padded with
   * zeros; nothing behind the end of the target is listed.
   * @throws VolumeError as `allocated`; invalid-argument for snapshots of two volumes
   */
  delta(baseId: string, targetId: string, query: MetadataQuery, signal: AbortSignal): BlockMap {
    const base = this.#catalog.getSnapshot(baseId)
    const target = this.#catalog.getSnapshot(targetId)
    if (base.sourceVolumeId !== target.sourceVolumeId) {
      throw new VolumeError(
        'invalid-argument',
        `base_snapshot_id "${baseId}" is of volume "${base.sourceVolumeId}", target_snapshot_id "${targetId}" of volume "${target.sourceVolumeId}"; a delta is between two snapshots of one volume`,
      )
    }
    const extents = this.#copier.differences(
      this.#catalog.snapshotImage(base),
      this.#catalog.snapshotImage(target),
      query.startingOffset,
      signal,
    )
    return this.#map(extents, query, target.sizeBytes, [baseId, targetId])
  }

  #map(
    extents: AsyncIterable<Extent>,
    query: MetadataQuery,
    sizeBytes: bigint,
    ids: readonly string[],
  ): BlockMap {
    checkQuery(query, sizeBytes)
    return { sizeBytes, pages: pagesOf(this.#unlessDeleted(extents, ids), query, sizeBytes) }
  }

  /** The images are opened when they are first read, and may be deleted by then. */
  async *#unlessDeleted(extents: AsyncIterable<Extent>, ids: readonly string[]): AsyncGenerator<Extent> {
    try {
      yield* extents
    } catch (error) {
      if (hasErrno(error, 'ENOENT')) for (const id of ids) this.#catalog.getSnapshot(id)
      throw error
    }
  }
}

/** Default number of extents per message: some 20 KiB. */
const DEFAULT_RESULTS = 1000

/** The largest number of extents per message, well below gRPC's limit of 4 MiB. */
const MAX_RESULTS = 10_000

/** The requested part of a snapshot's metadata. */
export interface MetadataQuery {
  /** Where to continue, in bytes. */
  readonly startingOffset: bigint
  /** Extents per page; 0: the default. */
  readonly maxResults: number
}

/** @throws VolumeError invalid-argument; out-of-range for an offset that is not within the snapshot */
export function checkQuery({ startingOffset, maxResults }: MetadataQuery, sizeBytes: bigint): void {
  if (maxResults < 0) throw new VolumeError('invalid-argument', `max_results ${maxResults} is negative`)
  if (startingOffset < 0n || startingOffset > sizeBytes) {
    throw new VolumeError(
      'out-of-range',
      `starting_offset ${startingOffset} is not within the snapshot, which has ${sizeBytes} bytes`,
    )
  }
}

/**
 * Puts extents, ascending and without overlap, into pages from the starting offset on. Parts before it, or
 * behind the end of the snapshot, are left out. There is always a first page, empty for a snapshot without
 * data.
 */
export async function* pagesOf(
  extents: AsyncIterable<Extent>,
  { startingOffset, maxResults }: MetadataQuery,
  sizeBytes: bigint,
): AsyncGenerator<Extent[]> {
  const room = Math.min(maxResults || DEFAULT_RESULTS, MAX_RESULTS)
  let page: Extent[] = []
  let isFirst = true
  for await (const extent of extents) {
    const clipped = clip(extent, startingOffset, sizeBytes)
    if (!clipped) continue
    if (page.length === room) {
      yield page
      page = []
      isFirst = false
    }
    page.push(clipped)
  }
  if (page.length > 0 || isFirst) yield page
}

function clip({ offset, length }: Extent, from: bigint, to: bigint): Extent | undefined {
  const start = larger(offset, from)
  const end = smaller(offset + length, to)
  return start < end ? { offset: start, length: end - start } : undefined
}
