import { VolumeError } from '../errors.ts'
import type { Pool } from '../pool/pool.ts'
import type { PoolUnreachableError } from '../pool/unreachable.ts'
import type { StorageIssue } from './issue.ts'
import { poolIssues, unreachable } from './pool-issues.ts'

/** The pools whose health is asked for. */
export interface WatchedPools {
  readonly open: readonly Pool[]
  readonly unreachable: ReadonlyMap<string, PoolUnreachableError>
  /** Opens those that have become reachable meanwhile. */
  retry(): Promise<void>
}

/** The health of what is behind all volumes of the node: its pools. */
export class StorageHealth {
  readonly #pools: WatchedPools

  constructor(pools: WatchedPools) {
    this.#pools = pools
  }

  /** Looks at every pool, and tries those again that could not be reached before. */
  async issues(): Promise<StorageIssue[]> {
    await this.#pools.retry()
    const ofOpen = await Promise.all(this.#pools.open.map(poolIssues))
    const ofOthers = [...this.#pools.unreachable].map(([pool, reason]) => unreachable(pool, reason))
    return [...ofOpen.flat(), ...ofOthers]
  }

  /**
   * Whether the driver can do anything at all. The loss of one pool of several is no reason to restart the driver, which is
   * what a failed probe leads to.
   * @returns what is wrong with some of them
   * @throws VolumeError failed-precondition saying why no pool can be reached
   */
  async requireSomePool(): Promise<StorageIssue[]> {
    const issues = await this.issues()
    const unreachable = issues.filter(({ status }) => status === 'unreachable')
    if (unreachable.length < this.#pools.open.length + this.#pools.unreachable.size) return issues
    throw new VolumeError('failed-precondition', unreachable.map(({ message }) => message).join('; '))
  }
}
