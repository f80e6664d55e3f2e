import { larger, smaller } from '../../model/bytes.ts'
import type { PoolLimits } from '../../model/pool-config.ts'
import type { Provisioning } from '../../model/volume.ts'

/** The usage of a pool, in bytes. */
export interface PoolUsage {
  /** The capacities of all volumes, the allocated bytes of snapshots, and reservations. */
  readonly provisionedBytes: bigint
  /** Allocated by all images. */
  readonly allocatedBytes: bigint
  /** Free on the pool's file system. */
  readonly freeBytes: bigint
}

/** What all volumes and snapshots together may allocate, in bytes. */
export function usableBytes(limits: PoolLimits, usage: PoolUsage): bigint {
  const reachable = usage.freeBytes + usage.allocatedBytes
  const size = limits.sizeBytes === undefined ? reachable : smaller(limits.sizeBytes, reachable)
  return larger(size - limits.reserveBytes, 0n)
}

/**
 * The largest possible capacity of a new volume, in bytes. Space of other users of the disk is not usable, so
 * a pool without a configured size never provisions it.
 */
export function availableBytes(limits: PoolLimits, usage: PoolUsage, provisioning: Provisioning): bigint {
  const usable = usableBytes(limits, usage)
  const provisionable = BigInt(Math.floor(Number(usable) * limits.overcommit)) - usage.provisionedBytes
  if (provisioning === 'thin') return larger(provisionable, 0n)
  return larger(smaller(provisionable, allocatableBytes(limits, usage)), 0n)
}

/** How many bytes existing volumes may still allocate. */
export function allocatableBytes(limits: PoolLimits, usage: PoolUsage): bigint {
  return larger(usableBytes(limits, usage) - usage.allocatedBytes, 0n)
}
