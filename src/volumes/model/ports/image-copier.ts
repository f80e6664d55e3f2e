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
   * Whether `share` with `target`, which must not exist, would work. It is asked of the kernel, and nothing
   * is shared.
   */
  canShare(source: string, target: string): Promise<boolean>
  /**
   * Makes `target`, which must not exist, equal to `source` in one step, by sharing all of its blocks
   * (FICLONE). Each of the two then needs new blocks for what is written to it. Nothing is flushed.
   * @returns false where the file system cannot, or the two are on different ones; then there is no target
   * @throws EEXIST
   */
  share(source: string, target: string): Promise<boolean>
  /** As `share`, for a target that it has made, and which is kept when it is false. */
  shareAgain(source: string, target: string): Promise<boolean>
  /**
   * Makes `target`, which must not exist, equal to `source` by copying its data to blocks of its own,
   * whatever could be shared. Nothing is flushed; after a failure there is no target.
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
   * As `update`, where it is known what may have changed since the last time: ascending, never overlapping.
   * What lies behind the target's end is compared whatever is known.
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
   * Where two images of a volume differ, ascending, at or behind `from`: by the blocks they share where the
   * file system tells, else by comparing their content.
   */
  differences(base: string, target: string, from: bigint, signal: AbortSignal): AsyncIterable<Extent>
}

/** Remembers what is written to a device while it exists. */
export interface WriteTrace extends AsyncDisposable {
  /**
   * What may have changed since the last call, or since the start; undefined when something was missed, or
   * was written behind the size that the device had at the start. Once undefined, it stays undefined.
   */
  changes(): Promise<readonly Extent[] | undefined>
}

/**
 * Tells what is written to devices while they are copied, so that in the end only that has to be looked at.
 */
export interface WriteTracer {
  start(device: LoopDevice): Promise<WriteTrace>
}
