import { VolumeError, messageOf } from '../model/errors.ts'
import { ephemeralIdFor, isIdOfNode, type VolumeId } from '../model/ids.ts'
import type { Pool } from './pool.ts'
import type { RecordStore } from './records/record-store.ts'
import type { Snapshot, SnapshotGroup } from '../model/snapshot.ts'
import type { Volume } from '../model/volume.ts'

/** The pools of a node. A pool can be opened while the driver runs. */
export interface PoolSet {
  readonly open: readonly Pool[]
  /** Why the others are not open, by name. */
  readonly unreachable: ReadonlyMap<string, VolumeError>
}

/** All volumes and snapshots of this node, over all its pools. Callers may pass any string as an id. */
export class Catalog {
  readonly #nodeId: string
  readonly #pools: PoolSet

  constructor(nodeId: string, pools: PoolSet) {
    this.#nodeId = nodeId
    this.#pools = pools
  }

  /** The open pools. */
  pools(): readonly Pool[] {
    return this.#pools.open
  }

  /** @throws VolumeError invalid-argument naming the existing pools; unavailable for an unreachable one */
  pool(name: string): Pool {
    const { open, unreachable } = this.#pools
    const pool = open.find((pool) => pool.name === name)
    if (pool) return pool
    const reason = unreachable.get(name)
    if (reason) throw reason
    const names = [...open.map((pool) => pool.name), ...unreachable.keys()]
    throw new VolumeError(
      'invalid-argument',
      `pool "${name}" does not exist on this node; it has ${names.join(', ')}`,
    )
  }

  /** The pool that has the volume, which may be damaged. */
  poolOf(volumeId: string): Pool | undefined {
    return this.pools().find(({ volumes }) => volumes.get(volumeId) ?? volumes.damaged.has(volumeId))
  }

  /**
   * Call this before you conclude that an id does not exist.
   * @throws VolumeError unavailable when it may be in an unreachable pool
   */
  requireAbsent(id: string): void {
    const { unreachable } = this.#pools
    if (unreachable.size === 0 || !this.isOurs(id)) return
    throw new VolumeError('unavailable', `"${id}" is in no reachable pool: ${reasonsOf(unreachable)}`)
  }

  /**
   * Call this before you list all volumes: in a partial list, the volumes of an unreachable pool would look
   * lost.
   * @throws VolumeError unavailable naming the unreachable pools
   */
  requireAll(): void {
    const { unreachable } = this.#pools
    if (unreachable.size === 0) return
    throw new VolumeError('unavailable', `not all volumes can be listed now: ${reasonsOf(unreachable)}`)
  }

  /** Call this before a deletion: a person may have removed a damaged volume since it was found. */
  async forgetRemoved(id: string): Promise<void> {
    for (const { snapshots, volumes } of this.pools()) {
      await volumes.forgetRemoved(id)
      await snapshots.forgetRemoved(id)
    }
  }

  /** @throws VolumeError failed-precondition for a volume whose files are damaged */
  find(id: string): Volume | undefined {
    return this.#find('volume', id, (pool) => pool.volumes)
  }

  /** @throws VolumeError not-found, or as `requireAbsent` and `find` do */
  get(id: string): Volume {
    return this.find(id) ?? this.#missing('volume', id)
  }

  /** As `list`, with the damaged volumes, of which only the id is known. */
  listIds(after: string, limit: number): { readonly id: string }[] {
    const damaged = this.pools().flatMap(({ volumes }) => [...volumes.damaged.keys()])
    const whole = this.pools().flatMap(({ volumes }) =>
      volumes.values().filter(({ ephemeral }) => !ephemeral),
    )
    return page([...whole, ...damaged.map((id) => ({ id }))], after, limit)
  }

  /**
   * The inline volume of this name, which the kubelet has chosen.
   * @throws as `find`
   */
  findEphemeral(name: string): Volume | undefined {
    return this.find(ephemeralIdFor(this.#nodeId, name))
  }

  /** As `findEphemeral`, for a damaged volume: its pool and its id. */
  findDamagedEphemeral(name: string): { readonly id: VolumeId; readonly pool: Pool } | undefined {
    const id = ephemeralIdFor(this.#nodeId, name)
    const pool = this.pools().find(({ volumes }) => volumes.damaged.has(id))
    return pool && { id, pool }
  }

  image(volume: Volume): string {
    return this.pool(volume.pool).volumes.image(volume.id)
  }

  /**
   * As `image`, after a check of the image.
   * @throws VolumeError failed-precondition when the image is missing or too short
   */
  wholeImage(volume: Volume): Promise<string> {
    return this.pool(volume.pool).wholeImage(volume)
  }

  /** In the order of their ids, beginning after `after`. Inline volumes are not listed. */
  list(after: string, limit: number): Volume[] {
    const volumes = this.pools().flatMap((pool) => pool.volumes.values())
    return page(
      volumes.filter(({ ephemeral }) => !ephemeral),
      after,
      limit,
    )
  }

  /** @throws VolumeError failed-precondition for a snapshot whose files are damaged */
  findSnapshot(id: string): Snapshot | undefined {
    const snapshot = this.#find('snapshot', id, (pool) => pool.snapshots)
    return snapshot && this.#isComplete(snapshot) ? snapshot : undefined
  }

  /** @throws VolumeError not-found, or as `requireAbsent` and `findSnapshot` do */
  getSnapshot(id: string): Snapshot {
    return this.findSnapshot(id) ?? this.#missing('snapshot', id)
  }

  snapshotImage(snapshot: Snapshot): string {
    return this.pool(snapshot.pool).snapshots.image(snapshot.id)
  }

  /** As `list`. An empty filter matches everything. */
  listSnapshots(filter: { id: string; sourceVolumeId: string }, after: string, limit: number): Snapshot[] {
    const snapshots = this.pools()
      .flatMap((pool) => pool.snapshots.values())
      .filter((snapshot) => filter.id === '' || snapshot.id === filter.id)
      .filter((snapshot) => filter.sourceVolumeId === '' || snapshot.sourceVolumeId === filter.sourceVolumeId)
      .filter((snapshot) => this.#isComplete(snapshot))
    return page(snapshots, after, limit)
  }

  /** The existing members of a group, in the order of the request that created it. */
  membersOfGroup(groupId: string): Snapshot[] {
    const members = this.pools()
      .flatMap((pool) => pool.snapshots.values())
      .filter(({ group }) => group?.id === groupId)
    const order = members[0]?.group?.members ?? []
    return members.sort((a, b) => order.indexOf(a.id) - order.indexOf(b.id))
  }

  /**
   * False for a group with missing members: they are created and deleted one by one. Damaged members, and
   * those in an unreachable pool, do not count as missing.
   */
  isComplete({ members, pools }: SnapshotGroup): boolean {
    const open = this.pools()
    if (!pools.every((name) => open.some((pool) => pool.name === name))) return true
    const stores = open.map(({ snapshots }) => snapshots)
    return members.every((id) => stores.some((store) => store.get(id) ?? store.damaged.has(id)))
  }

  /** True for an id that this node gave out, whether or not its object still exists. */
  isOurs(id: string): boolean {
    return isIdOfNode(id, this.#nodeId)
  }

  #find<T extends { readonly id: string }>(
    what: string,
    id: string,
    storeOf: (pool: Pool) => RecordStore<T>,
  ): T | undefined {
    for (const pool of this.pools()) {
      const store = storeOf(pool)
      const reason = store.damaged.get(id)
      if (reason !== undefined) {
        throw new VolumeError(
          'failed-precondition',
          `${what} "${id}" in pool "${pool.name}" cannot be used: ${reason.message}`,
        )
      }
      const record = store.get(id)
      if (record) return record
    }
    return undefined
  }

  #missing(what: string, id: string): never {
    this.requireAbsent(id)
    throw new VolumeError('not-found', `${what} "${id}" does not exist on this node`)
  }

  /** Either all members of a group are visible or none is. */
  #isComplete({ group }: Snapshot): boolean {
    return group === undefined || this.isComplete(group)
  }
}

function page<T extends { readonly id: string }>(records: T[], after: string, limit: number): T[] {
  return records
    .filter(({ id }) => id > after)
    .sort((a, b) => (a.id < b.id ? -1 : 1))
    .slice(0, limit)
}

function reasonsOf(unreachable: PoolSet['unreachable']): string {
  return [...unreachable.values()].map(messageOf).join('; ')
}
