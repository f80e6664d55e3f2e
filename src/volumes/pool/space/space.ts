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

/** The space on the disk of a pool now, in bytes. */
export interface Room {
  /** The size of the pool's file system. */
  readonly totalBytes: bigint
  readonly freeBytes: bigint
  /** What the file systems of volumes may hold in memory, and will write without being asked. */
  readonly pendingBytes: bigint
}

const MAX_MARGIN_BYTES = 256n << 20n

/** A 20th of a small pool. */
const MARGIN_PART = 20n

/** How fast programs may fill a disk, at most, in bytes a millisecond: 2 GiB/s. */
const FASTEST_BYTES_PER_MS = (2n << 30n) / 1000n

const MIN_PAUSE_MS = 50
const MAX_PAUSE_MS = 5000

/**
 * The free space that a full pool keeps: for what its file systems write while they are being frozen, for
 * their metadata, and for the driver's records.
 */
export function marginBytes(totalBytes: bigint): bigint {
  return smaller(totalBytes / MARGIN_PART, MAX_MARGIN_BYTES)
}

/** Whether the pool is full: then volumes must not take more of it. */
export function isFull({ totalBytes, freeBytes, pendingBytes }: Room): boolean {
  return freeBytes < marginBytes(totalBytes) + pendingBytes
}

/** Whether a full pool is full no longer. That takes more than the margin, so that it seldom changes. */
export function hasRoomAgain({ totalBytes, freeBytes }: Room): boolean {
  const margin = marginBytes(totalBytes)
  return freeBytes >= margin + margin / 4n
}

/**
 * What a full pool can still bear for a moment: that no volume is thawed, only one that has not grown while
 * the pool was full, or any one. So volumes that grow cannot take the space that the others' turns need.
 */
export function bearable({ totalBytes, freeBytes }: Room): 'none' | 'quiet' | 'any' {
  const margin = marginBytes(totalBytes)
  if (freeBytes > margin / 2n) return 'any'
  return freeBytes > margin / 4n ? 'quiet' : 'none'
}

/**
 * Whether the disk has enough for all that the volumes may ever take.
 * @param untakenBytes as measureUntaken returns it
 */
export function canBeFilled(untakenBytes: bigint | undefined, freeBytes: bigint): boolean {
  return untakenBytes !== undefined && untakenBytes <= freeBytes
}

/** How long a pool cannot become full, in milliseconds: when to look again. */
export function pauseMs({ totalBytes, freeBytes, pendingBytes }: Room): number {
  const left = larger(freeBytes - marginBytes(totalBytes) - pendingBytes, 0n)
  return Math.min(MAX_PAUSE_MS, Math.max(MIN_PAUSE_MS, Number(left / FASTEST_BYTES_PER_MS)))
}
