import { VolumeError } from '../model/errors.ts'
import { groupSnapshotIdFor, snapshotIdFor, type GroupSnapshotId, type SnapshotId } from '../model/ids.ts'
import type { SnapshotParameters } from '../model/parameters.ts'
import type { Snapshot, SnapshotGroup } from '../model/snapshot.ts'
import type { Volume } from '../model/volume.ts'
import type { Pool } from '../pool/pool.ts'
import type { NodeContext } from '../state/context.ts'
import { copyConsistently, type CopySource } from './consistent-copy.ts'

/** Snapshots of several volumes at one point in time, in the order of the request. */
export interface GroupSnapshot {
  readonly id: GroupSnapshotId
  readonly snapshots: readonly Snapshot[]
}

/**
 * As `createSnapshot`, for several volumes. The members of a group list each other, and a group exists when
 * all of them do.
 * @throws VolumeError already-exists when the name is taken by a group of other volumes
 */
export async function createGroup(
  node: NodeContext,
  name: string,
  sourceVolumeIds: readonly string[],
  parameters: SnapshotParameters,
  signal: AbortSignal,
): Promise<GroupSnapshot> {
  const { catalog, jobs, nodeId } = node
  const id = groupSnapshotIdFor(nodeId, name)
  const existing = findGroup(node, id)
  if (existing) return sameSources(existing, name, sourceVolumeIds)
  for (const source of sourceVolumeIds) catalog.get(source)
  // Any of the pools can be the full one.
  const { space } = catalog.pool(catalog.get(sourceVolumeIds[0] ?? '').pool)
  const copy = (job: AbortSignal) =>
    space.orFull('resource-exhausted', makeGroup(node, id, name, sourceVolumeIds, parameters, job))
  return sameSources(await jobs.run(id, copy, signal), name, sourceVolumeIds)
}

async function makeGroup(
  node: NodeContext,
  id: GroupSnapshotId,
  name: string,
  sourceVolumeIds: readonly string[],
  { freezeTimeoutMs }: SnapshotParameters,
  signal: AbortSignal,
): Promise<GroupSnapshot> {
  const { catalog, locks, nodeId } = node
  using _lock = await locks.acquire(id, signal)
  // Members of an earlier attempt or removal that failed half way.
  await remove(node, catalog.membersOfGroup(id), signal)
  await using drafts = new AsyncDisposableStack()
  const members: Member[] = []
  for (const volumeId of sourceVolumeIds) {
    const volume = catalog.get(volumeId)
    const pool = catalog.pool(volume.pool)
    const memberName = `${name} of ${volumeId}`
    const memberId = snapshotIdFor(nodeId, memberName)
    const draft = drafts.use(await pool.draftSnapshot(memberId, volume))
    const provisioning = 'thin'
    members.push({ id: memberId, name: memberName, volumeId, volume, pool, draft, provisioning })
  }
  const pointInTime = await copyConsistently(node, members, freezeTimeoutMs, signal)
  const group: SnapshotGroup = {
    id,
    name,
    members: members.map((member) => member.id),
    pools: [...new Set(members.map(({ pool }) => pool.name))],
  }
  return { id, snapshots: await commit(members, group, pointInTime) }
}

/** @throws VolumeError failed-precondition when one of its members is damaged */
export function findGroup({ catalog }: NodeContext, id: string): GroupSnapshot | undefined {
  const group = catalog.membersOfGroup(id)[0]?.group
  if (!group || !catalog.isComplete(group)) return undefined
  return { id: group.id, snapshots: group.members.map((member) => catalog.getSnapshot(member)) }
}

/**
 * @throws VolumeError not-found; invalid-argument when the ids are not those of the group's members; or as
 * `findGroup` does
 */
export function getGroup(node: NodeContext, id: string, snapshotIds: readonly string[]): GroupSnapshot {
  const found = findGroup(node, id)
  if (!found) {
    node.catalog.requireAbsent(id)
    throw new VolumeError('not-found', `group snapshot "${id}" does not exist on this node`)
  }
  const members = found.snapshots.map((snapshot) => snapshot.id)
  requireMembers(id, members, snapshotIds)
  return found
}

/** @throws VolumeError invalid-argument unless the ids are those of the group's members; as `findGroup` */
export async function deleteGroup(
  node: NodeContext,
  id: string,
  snapshotIds: readonly string[],
  signal: AbortSignal,
): Promise<void> {
  const { catalog, jobs, locks } = node
  await jobs.cancel(id, new VolumeError('aborted', `group snapshot "${id}" was deleted while it was made`))
  using _lock = await locks.acquire(id, signal)
  const group = catalog.membersOfGroup(id)[0]?.group
  if (!group) {
    catalog.requireAbsent(id)
    return
  }
  requireMembers(id, group.members, snapshotIds)
  // Throws for a damaged member before any other is deleted.
  findGroup(node, id)
  await remove(node, catalog.membersOfGroup(id), signal)
}

/**
 * Removes incomplete groups that a crash left. Call this when pools were opened.
 * @returns how many groups it removed
 */
export async function removePartialGroups(node: NodeContext, signal: AbortSignal): Promise<number> {
  const { catalog, jobs, locks } = node
  const snapshots = catalog.pools().flatMap((pool) => pool.snapshots.values())
  const partial = snapshots.flatMap(({ group }) => (group && !catalog.isComplete(group) ? [group] : []))
  let removed = 0
  for (const group of partial) {
    // A running job is creating the group, and has removed old members itself; it may need hours.
    if (jobs.isRunning(group.id)) continue
    using _lock = await locks.acquire(group.id, signal)
    const members = catalog.isComplete(group) ? [] : catalog.membersOfGroup(group.id)
    if (members.length === 0) continue
    await remove(node, members, signal)
    removed++
  }
  return removed
}

/** Waits for operations that use one of them, and then removes all without interruption. */
async function remove(
  { catalog, locks }: NodeContext,
  snapshots: readonly Snapshot[],
  signal: AbortSignal,
): Promise<void> {
  using held = new DisposableStack()
  for (const { id } of snapshots) held.use(await locks.acquire(id, signal))
  for (const { id, pool } of snapshots) await catalog.pool(pool).snapshots.remove(id)
}

/**
 * All or none: if one fails, the committed ones are deleted again; after a crash the next start does that.
 */
async function commit(
  members: readonly Member[],
  group: SnapshotGroup,
  pointInTime: Date,
): Promise<Snapshot[]> {
  await using undo = new AsyncDisposableStack()
  const snapshots: Snapshot[] = []
  for (const { id, name, volume, pool, draft } of members) {
    snapshots.push(await pool.commitSnapshot(draft, { id, name, group }, volume, pointInTime))
    undo.defer(() => pool.snapshots.remove(id))
  }
  undo.move()
  return snapshots
}

interface Member extends CopySource {
  readonly id: SnapshotId
  readonly name: string
  readonly volume: Volume
  readonly pool: Pool
}

function sameSources(group: GroupSnapshot, name: string, sourceVolumeIds: readonly string[]): GroupSnapshot {
  const sources = group.snapshots.map(({ sourceVolumeId }) => sourceVolumeId)
  if (sameMembers(sources, sourceVolumeIds)) return group
  throw new VolumeError(
    'already-exists',
    `name "${name}" is taken by group snapshot ${group.id} of ${sources.join(', ')}`,
  )
}

function requireMembers(id: string, members: readonly string[], snapshotIds: readonly string[]): void {
  if (sameMembers(members, snapshotIds)) return
  throw new VolumeError(
    'invalid-argument',
    `snapshot_ids: group snapshot "${id}" has ${members.join(', ')}, not ${snapshotIds.join(', ') || 'none'}`,
  )
}

/** @param members each of them once */
function sameMembers(members: readonly string[], ids: readonly string[]): boolean {
  return members.length === ids.length && members.every((member) => ids.includes(member))
}
