import type { Catalog } from '../pool/catalog.ts'
import { VolumeError, hasErrno } from '../model/errors.ts'
import type { Extent, ImageCopier } from '../model/ports.ts'
import { checkQuery, pagesOf, type MetadataQuery } from './metadata.ts'

/** Where a snapshot has data, or differs from another one. */
export interface BlockMap {
  /** The size of the snapshot that the extents are of. */
  readonly sizeBytes: bigint
  /** Extents, ascending and without overlap, over all pages. */
  readonly pages: AsyncIterable<readonly Extent[]>
}

/**
 * Tells backup programs which parts of a snapshot they have to read. A snapshot may be deleted meanwhile: no
 * lock is held for as long as a caller takes, and what has begun to be read goes on to its end.
 */
export class MetadataReader {
  readonly #catalog: Catalog
  readonly #copier: ImageCopier

  constructor(catalog: Catalog, copier: ImageCopier) {
    this.#catalog = catalog
    this.#copier = copier
  }

  /** What is not told reads as zeros. @throws VolumeError not-found, invalid-argument, out-of-range */
  allocated(id: string, query: MetadataQuery, signal: AbortSignal): BlockMap {
    const snapshot = this.#catalog.getSnapshot(id)
    const image = this.#catalog.snapshotImage(snapshot)
    const extents = this.#copier.extents(image, query.startingOffset, signal)
    return this.#map(extents, query, snapshot.sizeBytes, [id])
  }

  /**
   * Either may be the older one. Where the volume has grown in between, the smaller one counts as continued
   * with zeros, and what lies behind the end of the target is not told.
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

  /** The images are opened when they are first read, and may be gone by then. */
  async *#unlessDeleted(extents: AsyncIterable<Extent>, ids: readonly string[]): AsyncGenerator<Extent> {
    try {
      yield* extents
    } catch (error) {
      if (hasErrno(error, 'ENOENT')) for (const id of ids) this.#catalog.getSnapshot(id)
      throw error
    }
  }
}
