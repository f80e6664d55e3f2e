import type { Catalog } from '../pool/catalog.ts'
import { VolumeError } from '../model/errors.ts'
import { snapshotIdFor } from '../model/ids.ts'
import type { Jobs } from '../concurrency/jobs.ts'
import type { KeyedLock } from '../concurrency/keyed-lock.ts'
import type { Cutter } from './cutter.ts'
import type { SnapshotParameters } from '../model/parameters.ts'
import type { Snapshot } from '../model/snapshot.ts'

export interface SnapshotterDependencies {
  readonly nodeId: string
  readonly catalog: Catalog
  readonly locks: KeyedLock
  readonly jobs: Jobs
  readonly cutter: Cutter
}

/** Makes and deletes single snapshots. */
export class Snapshotter {
  readonly #on: SnapshotterDependencies

  constructor(dependencies: SnapshotterDependencies) {
    this.#on = dependencies
  }

  /**
   * Makes the snapshot of this name, or returns the one that was made before. Copying goes on when the caller
   * gives up; a repeated call joins it.
   * @throws VolumeError already-exists when the name is taken by a snapshot of another volume; not-found
   */
  async create(
    name: string,
    sourceVolumeId: string,
    parameters: SnapshotParameters,
    signal: AbortSignal,
  ): Promise<Snapshot> {
    const { catalog, jobs, nodeId } = this.#on
    const id = snapshotIdFor(nodeId, name)
    const existing = catalog.findSnapshot(id)
    if (existing) return sameSource(existing, sourceVolumeId)
    catalog.get(sourceVolumeId)
    const made = await jobs.run(id, (job) => this.#cut(name, sourceVolumeId, parameters, job), signal)
    return sameSource(made, sourceVolumeId)
  }

  /** @throws VolumeError invalid-argument for a member of a group, which is deleted with it */
  async delete(id: string, signal: AbortSignal): Promise<void> {
    const { catalog, jobs, locks } = this.#on
    await jobs.cancel(id, new VolumeError('aborted', `snapshot "${id}" was deleted while it was made`))
    // A volume that is being made of it holds this lock too.
    using _lock = await locks.acquire(id, signal)
    await catalog.forgetRemoved(id)
    const snapshot = catalog.findSnapshot(id)
    if (!snapshot) {
      catalog.requireAbsent(id)
      return
    }
    if (snapshot.group) {
      throw new VolumeError(
        'invalid-argument',
        `snapshot "${id}" is part of group snapshot "${snapshot.group.id}", and is deleted with it`,
      )
    }
    await catalog.pool(snapshot.pool).snapshots.remove(id)
  }

  async #cut(
    name: string,
    sourceVolumeId: string,
    { freezeTimeoutMs }: SnapshotParameters,
    signal: AbortSignal,
  ): Promise<Snapshot> {
    const { catalog, cutter, locks, nodeId } = this.#on
    const id = snapshotIdFor(nodeId, name)
    using _lock = await locks.acquire(id, signal)
    const volume = catalog.get(sourceVolumeId)
    const pool = catalog.pool(volume.pool)
    const make = async (): Promise<Snapshot> => {
      await using draft = await pool.draftSnapshot(id, volume)
      const source = { volumeId: volume.id, draft, provisioning: 'thin' } as const
      const cutAt = await cutter.cut([source], freezeTimeoutMs, signal)
      return await pool.commitSnapshot(draft, { id, name, group: undefined }, volume, cutAt)
    }
    return await pool.space.orFull('resource-exhausted', make())
  }
}

function sameSource(snapshot: Snapshot, sourceVolumeId: string): Snapshot {
  if (snapshot.sourceVolumeId === sourceVolumeId) return snapshot
  throw new VolumeError(
    'already-exists',
    `name "${snapshot.name}" is taken by snapshot ${snapshot.id} of volume "${snapshot.sourceVolumeId}", not of "${sourceVolumeId}"`,
  )
}
