import { formatBytes } from '../model/bytes.ts'
import { usableBytes, type PoolUsage } from '../pool/space/space.ts'
import type { StorageIssue } from './issue.ts'
import type { PoolLimits } from '../model/pool-config.ts'

/**
 * Of the bytes that volumes can have, more than this share is in use: thin volumes may soon meet the end of
 * the pool.
 */
const NEARLY_FULL_PERCENT = 95n

/** Undefined while there is room. */
export function fullness(pool: string, limits: PoolLimits, usage: PoolUsage): StorageIssue | undefined {
  const usable = usableBytes(limits, usage)
  const isBelowReserve = usage.freeBytes < limits.reserveBytes
  if (usage.allocatedBytes * 100n < usable * NEARLY_FULL_PERCENT && !isBelowReserve) return undefined
  const left = usable > usage.allocatedBytes ? usable - usage.allocatedBytes : 0n
  return {
    pool,
    status: 'degraded',
    reason: 'PoolNearlyFull',
    message: `pool "${pool}": ${formatBytes(usage.allocatedBytes)} are in use and ${formatBytes(left)} are left for volumes; delete volumes and snapshots, or give it more room, before writes to thin volumes fail`,
  }
}
