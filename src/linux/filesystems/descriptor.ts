import type { FileHandle } from 'node:fs/promises'
import type { RepairCommands } from '../../volumes/model/ports/file-systems.ts'
import type { OpenMountPoint } from '../mount/open-mount-point.ts'
import type { Run } from '../process/exec.ts'

/** The parts of the machine that file system types use; unit tests script it. */
export interface System {
  readonly run: Run
  readonly hasCapability: (capability: bigint) => boolean
  /** The bytes of a block device. */
  readonly deviceSize: (path: string) => bigint
  /** @throws VolumeError aborted when the device is not mounted at the path */
  readonly openMountPoint: (device: string, path: string) => Promise<OpenMountPoint>
}

/** The location of a superblock's magic number and UUID, in bytes from the start of the device. */
export interface Magic {
  readonly offset: number
  readonly bytes: Buffer
  /** The offset of the UUID that blkid prints. */
  readonly uuidOffset: number
}

/** How large a file system is, by its superblock. */
export interface FileSystemSize {
  readonly bytes: bigint
  /** The smallest step by which it grows. */
  readonly unitBytes: bigint
}

/** The result of a tool that only reads a file system. */
export interface Verdict {
  readonly isClean: boolean
  /** The tool's own output. */
  readonly report: string
}

/** A tool that checks for damage and changes nothing. */
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
  /** Options that every mount needs. */
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
   * @param options the user's mkfs options, which override ours
   */
  format(system: System, device: string, options: readonly string[], signal: AbortSignal): Promise<void>
  /**
   * Checks an unmounted device; only for types whose mount does not.
   * @throws VolumeError failed-precondition when it needs a manual repair
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
