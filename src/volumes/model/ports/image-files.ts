export interface FileSystemUsage {
  readonly bytes: Usage
  readonly inodes: Usage
}

export interface Usage {
  readonly total: bigint
  readonly used: bigint
  readonly available: bigint
}

/** In bytes: the size of the image, and what it has allocated. */
export interface ImageSize {
  readonly logical: bigint
  readonly allocated: bigint
}

/** What node:fs does not offer for files and their file systems. */
export interface ImageFiles {
  /** Creates a sparse (thin) or fully allocated (thick) file, not flushed. @throws EEXIST, ENOSPC. */
  create(path: string, sizeBytes: bigint, allocate: boolean, signal: AbortSignal): Promise<void>
  /** Grows an image, and flushes it. @throws ENOSPC; the image is then unchanged. */
  grow(path: string, sizeBytes: bigint, allocate: boolean, signal: AbortSignal): Promise<void>
  /**
   * Allocates all blocks of an image, none of them shared (thin to thick); its data stays.
   * @throws ENOSPC; blocks allocated so far stay allocated
   */
  allocate(path: string, signal: AbortSignal): Promise<void>
  /** What `allocate` would allocate, in bytes. */
  missing(path: string): Promise<bigint>
  /**
   * Whether overwriting data needs no new blocks, so that a fully allocated image never needs more space.
   * @param path in the file system
   */
  keepsBlocks(path: string): Promise<boolean>
  /** Frees the blocks that were never written (thick to thin). */
  deallocate(path: string, signal: AbortSignal): Promise<void>
  /** False when it is certain that no byte of the image was ever written: all of it reads as zeros. */
  hasData(path: string): Promise<boolean>
  /**
   * A value that differs after any change of the file, by whatever path. Undefined right after a change: the
   * next change could get the same timestamp.
   */
  version(path: string): Promise<string | undefined>
  /** @throws ENOENT. */
  size(path: string): Promise<ImageSize>
  /** statfs(2) of the file system at the path. */
  usage(path: string): Promise<FileSystemUsage>
  /** True while the file system at the path is read-only: mounted so, or after errors. */
  isReadOnly(path: string): Promise<boolean>
  /**
   * An exclusive flock(2) on a file or directory, or undefined when it is held already. It ends with the
   * disposal, and with this process. A loop device that is attached to a file holds such a lock on it.
   */
  lock(path: string): Promise<AsyncDisposable | undefined>
}
