import { VolumeError } from './errors.ts'
import { isVolumeId, type VolumeId } from './ids.ts'
import type { Pool } from './pool/pool.ts'
import type { Volume } from './volume.ts'

/** All volumes of this node, over all its pools. */
export class Catalog {
  readonly #pools: ReadonlyMap<string, Pool>

  constructor(pools: readonly Pool[]) {
    this.#pools = new Map(pools.map((pool) => [pool.name, pool]))
  }

  /** @throws VolumeError invalid-argument naming the pools that there are */
  pool(name: string): Pool {
    const pool = this.#pools.get(name)
    if (pool) return pool
    throw new VolumeError(
      'invalid-argument',
      `parameters: pool "${name}" does not exist on this node; it has ${[...this.#pools.keys()].join(', ')}`,
    )
  }

  /** Any string may be asked for; what is no id of ours is just not found. */
  find(id: string): Volume | undefined {
    if (!isVolumeId(id)) return undefined
    for (const pool of this.#pools.values()) {
      const volume = pool.get(id)
      if (volume) return volume
      this.#refuseDamaged(pool, id)
    }
    return undefined
  }

  /** @throws VolumeError not-found, or failed-precondition for a volume whose files are damaged */
  get(id: string): Volume {
    const volume = this.find(id)
    if (volume) return volume
    throw new VolumeError('not-found', `volume "${id}" does not exist on this node`)
  }

  image(volume: Volume): string {
    return this.pool(volume.pool).image(volume)
  }

  /** In the order of their ids, beginning behind `after`. */
  list(after: string, limit: number): Volume[] {
    return [...this.#pools.values()]
      .flatMap((pool) => [...pool.volumes()])
      .filter(({ id }) => id > after)
      .sort((a, b) => (a.id < b.id ? -1 : 1))
      .slice(0, limit)
  }

  #refuseDamaged(pool: Pool, id: VolumeId): void {
    const reason = pool.damaged.get(id)
    if (reason === undefined) return
    throw new VolumeError(
      'failed-precondition',
      `volume "${id}" in pool "${pool.name}" cannot be used: ${reason}`,
    )
  }
}
