import { dirname } from 'node:path'

/** Limits of a pool, as configured. */
export interface PoolLimits {
  /** Bytes that all volumes of the pool may take together; undefined: the size of its file system. */
  readonly sizeBytes: bigint | undefined
  /** Bytes that are never given to volumes. */
  readonly reserveBytes: bigint
  /** How many times its size may be provisioned to thin volumes; with 1 every volume can be filled. */
  readonly overcommit: number
  /** The size of the largest inline volume, in bytes; 0: no inline volumes. */
  readonly inlineBytes: bigint
}

/** A pool with its own file system (XFS) in one sparse file. */
export interface PoolImageConfig {
  /** Absolute. */
  readonly file: string
  readonly sizeBytes: bigint
}

/** A pool, as configured. */
export interface PoolConfig {
  readonly name: string
  /** Absolute path of the volumes; the mount point of a pool image. */
  readonly path: string
  readonly limits: PoolLimits
  /** True: writes to thin volumes fail while its disk is full. Else their file systems are frozen. */
  readonly failsWhenFull?: boolean
  /** Undefined: the directory at `path` is the pool. */
  readonly image?: PoolImageConfig | undefined
}

/** The directory that belongs to the pool alone. The driver locks it. */
export function homeOf({ path, image }: PoolConfig): string {
  return image ? dirname(image.file) : path
}
