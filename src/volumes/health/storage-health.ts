import { withinDeadline } from '../concurrency/deadlines.ts'
import type { StorageIssue } from '../issues/catalogue.ts'
import { VolumeError } from '../model/errors.ts'
import { PoolUnreachableError } from '../pool/gate/unreachable.ts'
import type { Pool } from '../pool/pool.ts'
import { inspectPool, poolIssues, unreachable, type PoolInspection } from './pool-issues.ts'

/** The pools whose health is reported. */
export interface WatchedPools {
  readonly open: readonly Pool[]
  readonly unreachable: ReadonlyMap<string, PoolUnreachableError>
  /** Closes a pool whose file system must be remounted. */
  close(pool: Pool, error: PoolUnreachableError): Promise<void>
  /** Reopens pools that are reachable again. */
  retry(): Promise<void>
}

/** Longest wait for closing and reopening pools, which continues in the background. */
const ANSWER_MS = 4000
const MIN_RETRY_MS = 1000

/** The health of the pools of the node. */
export class StorageHealth {
  readonly #pools: WatchedPools

  constructor(pools: WatchedPools) {
    this.#pools = pools
  }

  /**
   * Checks every pool once, and tries to reopen the unreachable ones. It does not wait for a pool that does
   * not answer.
   */
  async issues(): Promise<StorageIssue[]> {
    const begin = performance.now()
    const inspections = new Map(
      await Promise.all(this.#pools.open.map(async (pool) => [pool, await inspectPool(pool)] as const)),
    )
    const left = Math.max(begin + ANSWER_MS - performance.now(), MIN_RETRY_MS)
    await withinDeadline(left, this.#retry(inspections), undefined)
    const opened = this.#pools.open
    const ofOpen = await Promise.all(
      opened.map(async (pool) => inspections.get(pool)?.issues ?? (await poolIssues(pool))),
    )
    const ofOthers = [...this.#pools.unreachable].map(([pool, reason]) => unreachable(pool, reason))
    return [...ofOpen.flat(), ...ofOthers]
  }

  /**
   * Fails only when all pools are unreachable: a failed probe restarts the driver, which would interrupt the
   * reachable pools.
   * @returns the issues of the pools
   * @throws VolumeError failed-precondition with the reasons of all pools; PoolUnreachableError
   * PoolNotAnswering when one of them may recover without a restart
   */
  async requireSomePool(): Promise<StorageIssue[]> {
    const issues = await this.issues()
    const unreachable = issues.filter(({ status }) => status === 'unreachable')
    if (unreachable.length < this.#pools.open.length + this.#pools.unreachable.size) return issues
    const message = unreachable.map(({ message }) => message).join('; ')
    if (unreachable.some(({ reason }) => reason === 'PoolNotAnswering'))
      throw new PoolUnreachableError('PoolNotAnswering', message)
    throw new VolumeError('failed-precondition', message)
  }

  async #retry(inspections: ReadonlyMap<Pool, PoolInspection>): Promise<void> {
    for (const [pool, { failure }] of inspections)
      if (failure?.reason === 'PoolUnreadable') await this.#pools.close(pool, failure)
    await this.#pools.retry()
  }
}
