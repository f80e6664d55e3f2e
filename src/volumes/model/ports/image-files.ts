export interface FileSystemUsage {
  readonly bytes: Usage
  readonly inodes: Usage
}

export interface Usage {
  readonly total: bigint
  readonly used: bigint
  readonly available: bigint
}

/** In bytes: what the image appears to have, and what it takes on the disk. */
export interface ImageSize {
  readonly logical: bigint
  readonly allocated: bigint
}

/** Files and the file system under them, as far as node:fs does not reach. */
export interface ImageFiles {
  /** Makes a new sparse (thin) or fully allocated (thick) file and flushes it. @throws EEXIST, ENOSPC. */
  create(path: string, sizeBytes: bigint, allocate: boolean, signal: AbortSignal): Promise<void>
  /** Makes an image larger, and flushes it. @throws ENOSPC; the image is then as it was. */
  grow(path: string, sizeBytes: bigint, allocate: boolean, signal: AbortSignal): Promise<void>
  /**
   * Gives an image all of its blocks, and none that others share (thin to thick); what is written stays.
   * @throws ENOSPC; it keeps what it got
   */
  allocate(path: string, signal: AbortSignal): Promise<void>
  /** What `allocate` would take from the disk, in bytes. */
  missing(path: string): Promise<bigint>
  /**
   * Whether what is overwritten stays where it is, so that an image that has all of its blocks needs no
   * others.
   * @param path in the file system
   */
  keepsBlocks(path: string): Promise<boolean>
  /** Gives back the blocks that were never written (thick to thin). */
  deallocate(path: string, signal: AbortSignal): Promise<void>
  /** False when it is certain that no byte of the image was ever written: all of it reads as zeros. */
  hasData(path: string): Promise<boolean>
  /**
   * A word that is another one after any change of the file, through whatever it was made. Undefined right
   * after a change: the next one could still get the same time.
   */
  version(path: string): Promise<string | undefined>
  /** @throws ENOENT. */
  size(path: string): Promise<ImageSize>
  /** statfs(2) of the file system at the path. */
  usage(path: string): Promise<FileSystemUsage>
  /**
   * True while nobody can write to the file system at the path: it was mounted so, or has become so after
   * errors.
   */
  isReadOnly(path: string): Promise<boolean>
  /**
   * An exclusive flock(2) on a file or directory, or undefined when somebody has it. It ends with the
   * disposal, and with this process. A loop device that is attached to a file holds such a lock on it.
   */
  lock(path: string): Promise<AsyncDisposable | undefined>
}
