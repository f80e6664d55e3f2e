import type { PoolConfig } from '../model/pool-config.ts'
import type { Pools } from '../pool/pools.ts'
import { PoolGuard, type PoolGuardDependencies } from './pool-guard.ts'

export interface PoolGuardsDependencies extends Omit<PoolGuardDependencies, 'pool'> {
  readonly pools: Pools
}

/** Guards pools against full disks until it is disposed of: then nothing is frozen any more. */
export class PoolGuards implements AsyncDisposable {
  readonly #stop = new AbortController()
  readonly #ended: Promise<unknown>

  constructor(configs: readonly PoolConfig[], on: PoolGuardsDependencies) {
    const guards = configs
      .filter(({ failsWhenFull }) => failsWhenFull !== true)
      .map(({ name }) => {
        const pool = () => on.pools.open.find((pool) => pool.name === name)
        return new PoolGuard({ ...on, pool, log: on.log.child({ pool: name }) })
      })
    on.held.onRelease = (id) => {
      for (const guard of guards) guard.suspect(id)
    }
    this.#ended = Promise.all(guards.map((guard) => guard.run(this.#stop.signal)))
  }

  /** As disposing, without waiting. */
  cancel(): void {
    this.#stop.abort(new Error('the driver is stopping'))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.cancel()
    await this.#ended
  }
}
