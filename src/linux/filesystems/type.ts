import type { FileHandle } from 'node:fs/promises'
import type { FileSystemSize } from './size.ts'

/** What a tool says of a file system that it has only looked at. */
export interface Verdict {
  readonly isClean: boolean
  /** The tool's own words. */
  readonly report: string
}

/**
 * What is to know about one type of file system. All errors of its tools come as CommandError where not said
 * else.
 */
export interface FileSystemType {
  /** The smallest device that it can be made on with the options that are given here. */
  readonly minimumBytes: bigint
  /** What every mount needs. */
  readonly mountOptions: readonly string[]
  /** mkfs options for a UUID; only where they make mkfs look at no other device. */
  uuidOptions?(uuid: string): readonly string[]
  /**
   * @param options the user's mkfs options, which win over ours. All tools end with an fsync(2) of the
   * device.
   */
  format(device: string, options: readonly string[], signal: AbortSignal): Promise<void>
  /** On an unmounted device. @throws VolumeError failed-precondition when a person has to look at it */
  check(device: string, signal: AbortSignal): Promise<void>
  /** On an unmounted device, which it only reads. */
  verify(device: string, signal: AbortSignal): Promise<Verdict>
  /** On an unmounted device that was checked; only where it has an advantage over `grow`. */
  growUnmounted?(device: string, signal: AbortSignal): Promise<void>
  /**
   * On the image of a copy that is not attached; only where two of one identity cannot be mounted together.
   */
  renew?(image: string, signal: AbortSignal): Promise<string | undefined>
  /** By the superblock of a device that has one. */
  sizeOf(device: FileHandle): Promise<FileSystemSize>
  /** On a mounted file system. */
  grow(device: string, mountPoint: string, signal: AbortSignal): Promise<void>
}
