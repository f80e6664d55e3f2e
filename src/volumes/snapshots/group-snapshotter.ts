import { VolumeError } from '../errors.ts'
import { groupSnapshotIdFor, snapshotIdFor, type GroupSnapshotId, type SnapshotId } from '../ids.ts'
import type { SnapshotParameters } from './parameters.ts'
import type { Snapshot, SnapshotGroup } from './snapshot.ts'
import type { SnapshotterDependencies } from './snapshotter.ts'

/** Snapshots of several volumes that were cut at one point in time, in the order of the request. */
export interface GroupSnapshot {
  readonly id: GroupSnapshotId
  readonly snapshots: readonly Snapshot[]
}

/** Makes and deletes groups of snapshots. Their members list each other, and a group is there when all of them are. */
export class GroupSnapshotter {
  readonly #on: SnapshotterDependencies

  constructor(dependencies: SnapshotterDependencies) {
    this.#on = dependencies
  }

  /** As Snapshotter.create. @throws VolumeError already-exists when the name is taken by a group of other volumes */
  async create(
    name: string,
    sourceVolumeIds: readonly string[],
    parameters: SnapshotParameters,
    signal: AbortSignal,
  ): Promise<GroupSnapshot> {
    const { catalog, jobs, nodeId } = this.#on
    const id = groupSnapshotIdFor(nodeId, name)
    const existing = this.find(id)
    if (existing) return sameSources(existing, name, sourceVolumeIds)
    for (const source of sourceVolumeIds) catalog.get(source)
    const made = await jobs.run(id, (job) => this.#cut(id, name, sourceVolumeIds, parameters, job), signal)
    return sameSources(made, name, sourceVolumeIds)
  }

  find(id: string): GroupSnapshot | undefined {
    const snapshots = this.#on.catalog.snapshotsOfGroup(id)
    const members = snapshots[0]?.group?.members ?? []
    if (members.length === 0) return undefined
    return {
      id: id as GroupSnapshotId,
      snapshots: members.flatMap((member) => snapshots.find((snapshot) => snapshot.id === member) ?? []),
    }
  }

  /** @throws VolumeError not-found; invalid-argument when the ids are not those of the group's members */
  get(id: string, snapshotIds: readonly string[]): GroupSnapshot {
    const group = this.find(id)
    if (!group) {
      this.#on.catalog.requireAbsent(id)
      throw new VolumeError('not-found', `group snapshot "${id}" does not exist on this node`)
    }
    requireMembers(group, snapshotIds)
    return group
  }

  /** @throws VolumeError invalid-argument when the ids are not those of the group's members */
  async delete(id: string, snapshotIds: readonly string[], signal: AbortSignal): Promise<void> {
    const { catalog, jobs, locks } = this.#on
    await jobs.cancel(id, new VolumeError('aborted', `group snapshot "${id}" was deleted while it was made`))
    using _lock = await locks.acquire(id, signal)
    const group = this.find(id)
    if (!group) {
      catalog.requireAbsent(id)
      return
    }
    requireMembers(group, snapshotIds)
    for (const snapshot of group.snapshots) {
      using _member = await locks.acquire(snapshot.id, signal)
      await catalog.pool(snapshot.pool).snapshots.remove(snapshot.id)
    }
  }

  async #cut(
    id: GroupSnapshotId,
    name: string,
    sourceVolumeIds: readonly string[],
    { freezeTimeoutMs }: SnapshotParameters,
    signal: AbortSignal,
  ): Promise<GroupSnapshot> {
    const { catalog, cutter, locks, nodeId } = this.#on
    using _lock = await locks.acquire(id, signal)
    const memberName = (volumeId: string): string => `${name} of ${volumeId}`
    const memberId = (volumeId: string): SnapshotId => snapshotIdFor(nodeId, memberName(volumeId))
    const group: SnapshotGroup = { id, name, members: sourceVolumeIds.map(memberId) }
    await using drafts = new AsyncDisposableStack()
    const sources = []
    for (const volumeId of sourceVolumeIds) {
      const volume = catalog.get(volumeId)
      const pool = catalog.pool(volume.pool)
      sources.push({
        volume,
        pool,
        volumeId,
        draft: drafts.use(await pool.draftSnapshot(memberId(volumeId), volume)),
      })
    }
    const [first] = sources
    const cutting = cutter.cut(sources, freezeTimeoutMs, signal)
    const cutAt = first ? await first.pool.space.orFull('resource-exhausted', cutting) : await cutting
    // All or none: those that are there already go again when one fails, and after a crash at the next start.
    await using undo = new AsyncDisposableStack()
    const snapshots: Snapshot[] = []
    for (const { volume, pool, draft } of sources) {
      const member = { id: memberId(volume.id), name: memberName(volume.id), group }
      snapshots.push(await pool.commitSnapshot(draft, member, volume, cutAt))
      undo.defer(() => pool.snapshots.remove(member.id))
    }
    undo.move()
    return { id, snapshots }
  }
}

function sameSources(group: GroupSnapshot, name: string, sourceVolumeIds: readonly string[]): GroupSnapshot {
  const sources = group.snapshots.map(({ sourceVolumeId }) => sourceVolumeId)
  if (sameMembers(sources, sourceVolumeIds)) return group
  throw new VolumeError(
    'already-exists',
    `name "${name}" is taken by group snapshot ${group.id} of ${sources.join(', ')}`,
  )
}

function requireMembers(group: GroupSnapshot, snapshotIds: readonly string[]): void {
  const members = group.snapshots.map(({ id }) => id)
  if (sameMembers(members, snapshotIds)) return
  throw new VolumeError(
    'invalid-argument',
    `snapshot_ids: group snapshot "${group.id}" has ${members.join(', ')}, not ${snapshotIds.join(', ') || 'none'}`,
  )
}

function sameMembers(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && new Set([...a, ...b]).size === new Set(a).size
}
