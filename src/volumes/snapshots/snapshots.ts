import { VolumeError } from '../model/errors.ts'
import { snapshotIdFor } from '../model/ids.ts'
import type { SnapshotParameters } from '../model/parameters.ts'
import type { Snapshot } from '../model/snapshot.ts'
import type { NodeContext } from '../state/context.ts'
import { copyConsistently } from './consistent-copy.ts'

/**
 * Creates the snapshot of this name, or returns the existing one. Copying continues when the caller gives up;
 * a repeated call joins it.
 * @throws VolumeError already-exists when the name is taken by a snapshot of another volume; not-found
 */
export async function createSnapshot(
  node: NodeContext,
  name: string,
  sourceVolumeId: string,
  parameters: SnapshotParameters,
  signal: AbortSignal,
): Promise<Snapshot> {
  const { catalog, jobs, nodeId } = node
  const id = snapshotIdFor(nodeId, name)
  const existing = catalog.findSnapshot(id)
  if (existing) return sameSource(existing, sourceVolumeId)
  catalog.get(sourceVolumeId)
  const copy = (job: AbortSignal) => makeSnapshot(node, name, sourceVolumeId, parameters, job)
  return sameSource(await jobs.run(id, copy, signal), sourceVolumeId)
}

async function makeSnapshot(
  node: NodeContext,
  name: string,
  sourceVolumeId: string,
  { freezeTimeoutMs }: SnapshotParameters,
  signal: AbortSignal,
): Promise<Snapshot> {
  const { catalog, locks, nodeId } = node
  const id = snapshotIdFor(nodeId, name)
  using _lock = await locks.acquire(id, signal)
  const volume = catalog.get(sourceVolumeId)
  const pool = catalog.pool(volume.pool)
  const make = async (): Promise<Snapshot> => {
    await using draft = await pool.draftSnapshot(id, volume)
    const source = { volumeId: volume.id, draft, provisioning: 'thin' } as const
    const pointInTime = await copyConsistently(node, [source], freezeTimeoutMs, signal)
    return await pool.commitSnapshot(draft, { id, name, group: undefined }, volume, pointInTime)
  }
  return await pool.space.orFull('resource-exhausted', make())
}

/** @throws VolumeError invalid-argument for a member of a group, which is deleted with it */
export async function deleteSnapshot(node: NodeContext, id: string, signal: AbortSignal): Promise<void> {
  const { catalog, jobs, locks } = node
  await jobs.cancel(id, new VolumeError('aborted', `snapshot "${id}" was deleted while it was made`))
  // A running restore also holds this lock.
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

function sameSource(snapshot: Snapshot, sourceVolumeId: string): Snapshot {
  if (snapshot.sourceVolumeId === sourceVolumeId) return snapshot
  throw new VolumeError(
    'already-exists',
    `name "${snapshot.name}" is taken by snapshot ${snapshot.id} of volume "${snapshot.sourceVolumeId}", not of "${sourceVolumeId}"`,
  )
}
