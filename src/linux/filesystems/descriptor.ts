import type { FileHandle } from 'node:fs/promises'
import type { RepairCommands } from '../../volumes/model/ports/file-systems.ts'
import type { Run } from '../process/exec.ts'

/** What file system types use of this machine; unit tests script it. */
export interface System {
  readonly run: Run
  readonly hasCapability: (capability: bigint) => boolean
  /** The bytes of a block device. */
  readonly deviceSize: (path: string) => bigint
}

/** What the superblock of a device says by its place alone; all in bytes from the start of the device. */
export interface Magic {
  readonly offset: number
  readonly bytes: Buffer
  /** Of the UUID that blkid shows. */
  readonly uuidOffset: number
}

/** How large a file system is, by its superblock. */
export interface FileSystemSize {
  readonly bytes: bigint
  /** It does not grow by less. */
  readonly unitBytes: bigint
}

/** What a tool says of a file system that it has only read. */
export interface Verdict {
  readonly isClean: boolean
  /** The tool's own output. */
  readonly report: string
}

/** A tool that looks for damage and changes nothing. */
export interface Verification {
  command(device: string): readonly [tool: string, ...args: string[]]
  /** The bit of its exit code that stands for damage. */
  readonly damaged: number
}

/** Everything that is known about one type of file system. Tools that fail throw CommandError. */
export interface FileSystemDescriptor {
  readonly magic: Magic
  /** The Debian package of all of its tools. */
  readonly debianPackage: string
  /** Tools without which no volume can have this type. */
  readonly tools: readonly string[]
  /** Tools that only commands for operators run. */
  readonly operatorTools: readonly string[]
  /** The smallest device that it can be made on with the options of `format`. */
  readonly minimumBytes: bigint
  /** What every mount needs. */
  readonly mountOptions: readonly string[]
  /** For an unmounted device. */
  readonly verification: Verification
  readonly repairs: RepairCommands
  /** mkfs options for a UUID; only where they make mkfs read no other device. */
  uuidOptions?(uuid: string): readonly string[]
  /** True for one whose mkfs was killed half way; only where that leaves a magic number. */
  isUnfinished?(device: FileHandle): Promise<boolean>
  /**
   * Without discarding. All tools end with an fsync(2) of the device.
   * @param options the user's mkfs options, which win over ours
   */
  format(system: System, device: string, options: readonly string[], signal: AbortSignal): Promise<void>
  /**
   * On an unmounted device, where a mount does not do it.
   * @throws VolumeError failed-precondition when a person has to look at it
   */
  check?(system: System, device: string, signal: AbortSignal): Promise<void>
  /** By the superblock of a device that has one. */
  sizeOf(device: FileHandle): Promise<FileSystemSize>
  /** On an unmounted device that was checked; only where it has an advantage over `grow`. */
  growUnmounted?(system: System, device: string, signal: AbortSignal): Promise<void>
  /** On a mounted file system. */
  grow(system: System, device: string, mountPoint: string, signal: AbortSignal): Promise<void>
  /**
   * On the image of a copy that is not attached; only where two of one identity cannot be mounted together.
   * @returns the new UUID; undefined where there is no file system
   */
  renew?(system: System, image: string, signal: AbortSignal): Promise<string | undefined>
}
