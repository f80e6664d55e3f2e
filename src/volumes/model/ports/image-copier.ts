import type { LoopDevice } from './loop-devices.ts'

/** A piece of a file. */
export interface Extent {
  readonly offset: bigint
  readonly length: bigint
}

export interface CopyProgress {
  readonly copiedBytes: bigint
  /** The data in the source when the copy began; holes do not count. */
  readonly totalBytes: bigint
}

/** Copies images without reading or writing their holes. */
export interface ImageCopier {
  /**
   * Whether `share` with `target`, which must not exist, would work. It tries it in the kernel and leaves
   * nothing behind.
   */
  canShare(source: string, target: string): Promise<boolean>
  /**
   * Makes `target`, which must not exist, equal to `source` in one step, by sharing all of its blocks
   * (FICLONE). Later writes to either need new blocks. Nothing is flushed.
   * @returns false where the file system does not support it, or the two are on different ones; the target
   * then does not exist
   * @throws EEXIST
   */
  share(source: string, target: string): Promise<boolean>
  /** As `share`, for an existing target that `share` created; it stays if the result is false. */
  shareAgain(source: string, target: string): Promise<boolean>
  /**
   * Makes `target`, which must not exist, equal to `source` by copying its data, even if blocks could be
   * shared. Nothing is flushed; after a failure the target does not exist.
   * @throws ENOSPC, EEXIST
   */
  copy(
    source: string,
    target: string,
    onProgress: (progress: CopyProgress) => void,
    signal: AbortSignal,
  ): Promise<void>
  /**
   * Makes a copy equal to its source again: writes only what differs.
   * @returns the bytes that were written
   */
  update(source: string, target: string, signal: AbortSignal): Promise<bigint>
  /**
   * As `update`, limited to extents that may have changed since the last time: ascending, never overlapping.
   * Data behind the target's end is always compared.
   */
  updateWithin(
    source: string,
    target: string,
    changed: readonly Extent[],
    signal: AbortSignal,
  ): Promise<bigint>
  /**
   * The extents with data at or behind `from`, ascending, never overlapping; the first may begin before
   * `from`.
   */
  extents(path: string, from: bigint, signal: AbortSignal): AsyncIterable<Extent>
  /**
   * Where two images of a volume differ, ascending, at or behind `from`: by their shared blocks where the
   * file system reports them, else by comparing their content.
   */
  differences(base: string, target: string, from: bigint, signal: AbortSignal): AsyncIterable<Extent>
}

/** Records the writes to a device while it exists. */
export interface WriteTrace extends AsyncDisposable {
  /**
   * What may have changed since the last call, or since the start; undefined when events were lost, or a
   * write was behind the size that the device had at the start. Once undefined, it stays undefined.
   */
  changes(): Promise<readonly Extent[] | undefined>
}

/** Traces writes to devices while they are copied, so that the last pass reads only what changed. */
export interface WriteTracer {
  start(device: LoopDevice): Promise<WriteTrace>
}
