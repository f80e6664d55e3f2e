import { larger, smaller } from '../../model/bytes.ts'
import type { PoolLimits } from '../../model/pool-config.ts'
import type { Provisioning } from '../../model/volume.ts'

/** What is in use. */
export interface PoolUsage {
  /** Sum of the capacities of all volumes. */
  readonly provisionedBytes: bigint
  /** What their images take on the disk. */
  readonly allocatedBytes: bigint
  /** What is free on the file system under the pool. */
  readonly freeBytes: bigint
}

/** What all volumes and snapshots together may take on the disk, in bytes. */
export function usableBytes(limits: PoolLimits, usage: PoolUsage): bigint {
  const reachable = usage.freeBytes + usage.allocatedBytes
  const size = limits.sizeBytes === undefined ? reachable : smaller(limits.sizeBytes, reachable)
  return larger(size - limits.reserveBytes, 0n)
}

/**
 * How large a new volume may be at most, in bytes. Other users of the disk count as taken, so a pool without
 * a size of its own never promises their space.
 */
export function availableBytes(limits: PoolLimits, usage: PoolUsage, provisioning: Provisioning): bigint {
  const usable = usableBytes(limits, usage)
  const provisionable = BigInt(Math.floor(Number(usable) * limits.overcommit)) - usage.provisionedBytes
  if (provisioning === 'thin') return larger(provisionable, 0n)
  return larger(smaller(provisionable, allocatableBytes(limits, usage)), 0n)
}

/** How many bytes the volumes that there are may still turn into blocks of their own. */
export function allocatableBytes(limits: PoolLimits, usage: PoolUsage): bigint {
  return larger(usableBytes(limits, usage) - usage.allocatedBytes, 0n)
}
