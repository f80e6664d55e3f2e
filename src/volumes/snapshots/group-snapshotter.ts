import { VolumeError } from '../model/errors.ts'
import { groupSnapshotIdFor, snapshotIdFor, type GroupSnapshotId, type SnapshotId } from '../model/ids.ts'
import type { Pool } from '../pool/pool.ts'
import type { Volume } from '../model/volume.ts'
import type { CutSource } from './cutter.ts'
import type { SnapshotParameters } from '../model/parameters.ts'
import type { Snapshot, SnapshotGroup } from '../model/snapshot.ts'
import type { SnapshotterDependencies } from './snapshotter.ts'

/** Snapshots of several volumes that were cut at one point in time, in the order of the request. */
export interface GroupSnapshot {
  readonly id: GroupSnapshotId
  readonly snapshots: readonly Snapshot[]
}

/**
 * Makes and deletes groups of snapshots. Their members list each other, and a group is there when all of them
 * are.
 */
export class GroupSnapshotter {
  readonly #on: SnapshotterDependencies

  constructor(dependencies: SnapshotterDependencies) {
    this.#on = dependencies
  }

  /**
   * As Snapshotter.create.
   * @throws VolumeError already-exists when the name is taken by a group of other volumes
   */
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
    // Whichever of the pools is full.
    const { space } = catalog.pool(catalog.get(sourceVolumeIds[0] ?? '').pool)
    const cut = (job: AbortSignal) =>
      space.orFull('resource-exhausted', this.#cut(id, name, sourceVolumeIds, parameters, job))
    const made = await jobs.run(id, cut, signal)
    return sameSources(made, name, sourceVolumeIds)
  }

  /** @throws VolumeError failed-precondition when one of its members is damaged */
  find(id: string): GroupSnapshot | undefined {
    const { catalog } = this.#on
    const group = catalog.membersOfGroup(id)[0]?.group
    if (!group || !catalog.isComplete(group)) return undefined
    return { id: group.id, snapshots: group.members.map((member) => catalog.getSnapshot(member)) }
  }

  /**
   * @throws VolumeError not-found; invalid-argument when the ids are not those of the group's members; or as
   * `find` does
   */
  get(id: string, snapshotIds: readonly string[]): GroupSnapshot {
    const found = this.find(id)
    if (!found) {
      this.#on.catalog.requireAbsent(id)
      throw new VolumeError('not-found', `group snapshot "${id}" does not exist on this node`)
    }
    requireMembers(
      id,
      found.snapshots.map((snapshot) => snapshot.id),
      snapshotIds,
    )
    return found
  }

  /**
   * @throws VolumeError invalid-argument when the ids are not those of the group's members; or as `find` does
   */
  async delete(id: string, snapshotIds: readonly string[], signal: AbortSignal): Promise<void> {
    const { catalog, jobs, locks } = this.#on
    await jobs.cancel(id, new VolumeError('aborted', `group snapshot "${id}" was deleted while it was made`))
    using _lock = await locks.acquire(id, signal)
    const group = catalog.membersOfGroup(id)[0]?.group
    if (!group) {
      catalog.requireAbsent(id)
      return
    }
    requireMembers(id, group.members, snapshotIds)
    // Throws for a damaged member before any other is gone.
    this.find(id)
    await this.#remove(catalog.membersOfGroup(id), signal)
  }

  /**
   * Clears away the groups of which a crash left a part. To be called when pools were opened.
   * @returns how many groups that were
   */
  async removeHalves(signal: AbortSignal): Promise<number> {
    const { catalog, jobs, locks } = this.#on
    const snapshots = catalog.pools().flatMap((pool) => pool.snapshots.values())
    let removed = 0
    const halves = snapshots.flatMap(({ group }) => (group && !catalog.isComplete(group) ? [group] : []))
    for (const group of halves) {
      // Whoever makes it anew has cleared away what was left, and may need hours to have all members.
      if (jobs.isRunning(group.id)) continue
      using _lock = await locks.acquire(group.id, signal)
      const members = catalog.isComplete(group) ? [] : catalog.membersOfGroup(group.id)
      if (members.length === 0) continue
      await this.#remove(members, signal)
      removed++
    }
    return removed
  }

  /** Waits for those who use one of them; from then on nothing stops it half way. */
  async #remove(snapshots: readonly Snapshot[], signal: AbortSignal): Promise<void> {
    const { catalog, locks } = this.#on
    using held = new DisposableStack()
    for (const { id } of snapshots) held.use(await locks.acquire(id, signal))
    for (const { id, pool } of snapshots) await catalog.pool(pool).snapshots.remove(id)
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
    // What is left of an attempt, or of a removal, that failed half way.
    await this.#remove(catalog.membersOfGroup(id), signal)
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
    const cutAt = await cutter.cut(members, freezeTimeoutMs, signal)
    const group: SnapshotGroup = {
      id,
      name,
      members: members.map((member) => member.id),
      pools: [...new Set(members.map(({ pool }) => pool.name))],
    }
    return { id, snapshots: await commit(members, group, cutAt) }
  }
}

/** All or none: those that are there already go again when one fails, and after a crash at the next start. */
async function commit(members: readonly Member[], group: SnapshotGroup, cutAt: Date): Promise<Snapshot[]> {
  await using undo = new AsyncDisposableStack()
  const snapshots: Snapshot[] = []
  for (const { id, name, volume, pool, draft } of members) {
    snapshots.push(await pool.commitSnapshot(draft, { id, name, group }, volume, cutAt))
    undo.defer(() => pool.snapshots.remove(id))
  }
  undo.move()
  return snapshots
}

interface Member extends CutSource {
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
