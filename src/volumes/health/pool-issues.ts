import { withinDeadline } from '../concurrency/deadlines.ts'
import { issueOf, type StorageIssue } from '../issues/catalogue.ts'
import { failureOf, isTransient, messageOf } from '../model/errors.ts'
import type { PoolLimits } from '../model/pool-config.ts'
import { notAnswering, PoolUnreachableError } from '../pool/gate/unreachable.ts'
import type { Pool } from '../pool/pool.ts'
import { usableBytes, type PoolUsage } from '../pool/space/space.ts'

/** Time limit for one pool: the kubelet's probes have a timeout of 5 s. */
const INSPECTION_MS = 3000

export interface PoolInspection {
  readonly issues: readonly StorageIssue[]
  /** Why the pool cannot be used; undefined when it can. */
  readonly failure?: PoolUnreachableError | undefined
}

/** The issues that an open pool has now. */
export async function poolIssues(pool: Pool): Promise<readonly StorageIssue[]> {
  return (await inspectPool(pool)).issues
}

export async function inspectPool(pool: Pool): Promise<PoolInspection> {
  const checked = await withinDeadline(
    INSPECTION_MS,
    check(pool),
    failed(pool, notAnswering(pool.name, pool.path)),
  )
  if (checked.issues.length > 0) return checked
  // Measuring a large pool takes longer than checking that it answers.
  return await withinDeadline(INSPECTION_MS / 3, measure(pool), checked)
}

async function check(pool: Pool): Promise<PoolInspection> {
  try {
    await pool.check()
    return {
      issues: (await pool.isReadOnly())
        ? [{ pool: pool.name, ...issueOf('PoolReadOnly', { pool: pool.name, path: pool.path }) }]
        : [],
    }
  } catch (error) {
    return failed(pool, error)
  }
}

async function measure(pool: Pool): Promise<PoolInspection> {
  try {
    // Its volumes need not be measured, which takes long when there are many.
    if (pool.space.isFull) return { issues: [full(pool, await pool.disk())] }
    const issue = fullness(pool.name, pool.limits, await pool.space.usage())
    return { issues: issue ? [issue] : [] }
  } catch (error) {
    return failed(pool, error)
  }
}

/** @throws an error that `isTransient`, which is no issue of the pool */
function failed({ name }: Pool, error: unknown): PoolInspection {
  if (isTransient(error)) throw failureOf(`pool "${name}"`, error)
  const failure = error instanceof PoolUnreachableError ? error : undefined
  return { issues: [unreachable(name, error)], failure }
}

export function unreachable(pool: string, error: unknown): StorageIssue {
  const reason = error instanceof PoolUnreachableError ? error.reason : 'PoolUnreadable'
  return { pool, ...issueOf(reason, { message: messageOf(error) }) }
}

function full({ name: pool }: Pool, { freeBytes }: Pick<PoolUsage, 'freeBytes'>): StorageIssue {
  return { pool, ...issueOf('PoolFull', { pool, freeBytes }) }
}

/** Thin volumes may soon run out of space when this share of the pool's usable bytes is allocated. */
const NEARLY_FULL_PERCENT = 95n

/** Undefined while there is room. */
export function fullness(pool: string, limits: PoolLimits, usage: PoolUsage): StorageIssue | undefined {
  const usable = usableBytes(limits, usage)
  const isBelowReserve = usage.freeBytes < limits.reserveBytes
  if (usage.allocatedBytes * 100n < usable * NEARLY_FULL_PERCENT && !isBelowReserve) return undefined
  const usedBytes = usage.allocatedBytes
  const leftBytes = usable > usedBytes ? usable - usedBytes : 0n
  return { pool, ...issueOf('PoolNearlyFull', { pool, usedBytes, leftBytes }) }
}
