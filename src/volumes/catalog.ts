import { VolumeError } from './errors.ts'
import { ephemeralIdFor, isIdOfNode } from './ids.ts'
import type { Pool } from './pool/pool.ts'
import type { RecordStore } from './pool/record-store.ts'
import type { Snapshot, SnapshotGroup } from './snapshots/snapshot.ts'
import type { Volume } from './volume.ts'

/** All volumes and snapshots of this node, over all its pools. Any string may be asked for as an id. */
export class Catalog {
  readonly #nodeId: string
  readonly #pools: ReadonlyMap<string, Pool>

  constructor(nodeId: string, pools: readonly Pool[]) {
    this.#nodeId = nodeId
    this.#pools = new Map(pools.map((pool) => [pool.name, pool]))
  }

  pools(): Pool[] {
    return [...this.#pools.values()]
  }

  /** @throws VolumeError invalid-argument naming the pools that there are */
  pool(name: string): Pool {
    const pool = this.#pools.get(name)
    if (pool) return pool
    throw new VolumeError(
      'invalid-argument',
      `pool "${name}" does not exist on this node; it has ${[...this.#pools.keys()].join(', ')}`,
    )
  }

  /** @throws VolumeError failed-precondition for a volume whose files are damaged */
  find(id: string): Volume | undefined {
    return this.#find('volume', id, (pool) => pool.volumes)
  }

  /** @throws VolumeError not-found, or as `find` does */
  get(id: string): Volume {
    return this.find(id) ?? missing('volume', id)
  }

  /** The volume that lives and dies with a pod, by the name that the kubelet has given it. @throws as `find` */
  findEphemeral(name: string): Volume | undefined {
    return this.find(ephemeralIdFor(this.#nodeId, name))
  }

  image(volume: Volume): string {
    return this.pool(volume.pool).volumes.image(volume.id)
  }

  /** In the order of their ids, beginning behind `after`. Volumes that live and die with a pod are not listed. */
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
    return snapshot && this.#isWhole(snapshot) ? snapshot : undefined
  }

  /** @throws VolumeError not-found, or as `findSnapshot` does */
  getSnapshot(id: string): Snapshot {
    return this.findSnapshot(id) ?? missing('snapshot', id)
  }

  snapshotImage(snapshot: Snapshot): string {
    return this.pool(snapshot.pool).snapshots.image(snapshot.id)
  }

  /** As `list`. Empty filters let all through. */
  listSnapshots(filter: { id: string; sourceVolumeId: string }, after: string, limit: number): Snapshot[] {
    const snapshots = this.pools()
      .flatMap((pool) => pool.snapshots.values())
      .filter((snapshot) => filter.id === '' || snapshot.id === filter.id)
      .filter((snapshot) => filter.sourceVolumeId === '' || snapshot.sourceVolumeId === filter.sourceVolumeId)
      .filter((snapshot) => this.#isWhole(snapshot))
    return page(snapshots, after, limit)
  }

  /** The members of a group that are there, in the order of the request that made it. */
  membersOfGroup(groupId: string): Snapshot[] {
    const members = this.pools()
      .flatMap((pool) => pool.snapshots.values())
      .filter(({ group }) => group?.id === groupId)
    const order = members[0]?.group?.members ?? []
    return members.sort((a, b) => order.indexOf(a.id) - order.indexOf(b.id))
  }

  /**
   * False for a group whose members are not all there, because they come and go one by one. Members that are damaged, or
   * whose pool is not there, do not make the others unusable.
   */
  isComplete({ members, pools }: SnapshotGroup): boolean {
    if (!pools.every((name) => this.#pools.has(name))) return true
    const stores = this.pools().map(({ snapshots }) => snapshots)
    return members.every((id) => stores.some((store) => store.get(id) ?? store.damaged.has(id)))
  }

  /** True for ids that this node gave out, also when what they named is gone. */
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
          `${what} "${id}" in pool "${pool.name}" cannot be used: ${reason}`,
        )
      }
      const record = store.get(id)
      if (record) return record
    }
    return undefined
  }

  /** The members of a group are seen together or not at all. */
  #isWhole({ group }: Snapshot): boolean {
    return group === undefined || this.isComplete(group)
  }
}

function missing(what: string, id: string): never {
  throw new VolumeError('not-found', `${what} "${id}" does not exist on this node`)
}

function page<T extends { readonly id: string }>(records: T[], after: string, limit: number): T[] {
  return records
    .filter(({ id }) => id > after)
    .sort((a, b) => (a.id < b.id ? -1 : 1))
    .slice(0, limit)
}
