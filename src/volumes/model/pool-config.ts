import { dirname } from 'node:path'

/** Limits of a pool, as configured. */
export interface PoolLimits {
  /** Bytes that all volumes of the pool may take together; undefined: what its file system has. */
  readonly sizeBytes: bigint | undefined
  /** Bytes that are never given to volumes. */
  readonly reserveBytes: bigint
  /** How many times the pool may be promised to thin volumes: 1 = every volume can be filled. */
  readonly overcommit: number
  /** The largest inline volume, in bytes; 0: the pool takes none. */
  readonly inlineBytes: bigint
}

/** A pool that has a file system of its own, XFS, in one sparse file. */
export interface PoolImageConfig {
  /** Absolute. */
  readonly file: string
  readonly sizeBytes: bigint
}

/** A pool, as configured. */
export interface PoolConfig {
  readonly name: string
  /** Absolute: where the volumes are. For a pool image that is where it is mounted. */
  readonly path: string
  readonly limits: PoolLimits
  /** Undefined: the directory at `path` is the pool. */
  readonly image?: PoolImageConfig | undefined
}

/** The directory that is the pool's alone, and that its driver has locked. */
export function homeOf({ path, image }: PoolConfig): string {
  return image ? dirname(image.file) : path
}
