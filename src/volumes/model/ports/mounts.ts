import type { LoopDevice } from './loop-devices.ts'

/**
 * The loop device of a mount, by the kernel's device number. Names prove nothing: a container can name a
 * directory of its volume `loop7`.
 */
export interface MountedLoop {
  readonly number: number
  /** The file system on the device, or a directory in it; or the device node. */
  readonly as: 'file system' | 'node'
}

export interface MountEntry {
  /** Absolute path, symbolic links resolved. */
  readonly target: string
  /** The mounted device's path; for a bind mount that of the original mount. */
  readonly source: string
  readonly fsType: string
  /**
   * The path inside `source` that is visible at `target`; `/` for a whole file system. It ends with
   * `//deleted` when that path has been removed: then a device node dates from an earlier device with the
   * number.
   */
  readonly root: string
  /** Undefined for a mount of anything but a loop device. */
  readonly loop: MountedLoop | undefined
  readonly readOnly: boolean
  /** Options of the mount point, then those of the file system. */
  readonly options: readonly string[]
}

/** What one step of a trim has done. */
export interface TrimStep {
  /** As the file system counts it. */
  readonly trimmedBytes: bigint
  /** Undefined when all of the file system has been trimmed. */
  readonly next: bigint | undefined
}

export interface MountRequest {
  readonly source: string
  readonly target: string
  readonly fsType: string
  /** As in fstab(5): known flags become mount(2) flags, the rest is passed to the file system as data. */
  readonly options: readonly string[]
}

/**
 * A mounted file system that is held open: it can be thawed until this is disposed of, even if it is
 * unmounted or this process runs out of descriptors or threads.
 */
export interface OpenFileSystem extends AsyncDisposable {
  /** Its mount point, or the path of its device, for messages. */
  readonly place: string
  /**
   * Flushes the file system and suspends all writes until `thaw` (FIFREEZE).
   * @param signal ends the wait for a turn at the pool's gate, but not a freeze that has begun
   * @throws EBUSY when it is frozen already.
   */
  freeze(signal?: AbortSignal): Promise<void>
  /** Ends a freeze, also of another process (FITHAW). @returns false when it was not frozen */
  thaw(): Promise<boolean>
  /**
   * Flushes the file system without suspending writes (syncfs(2)).
   * @param signal as of `freeze`
   */
  flush(signal?: AbortSignal): Promise<void>
  /** The bytes that its content takes, with what is still in memory only. */
  usedBytes(): Promise<bigint>
}

export interface Mounts {
  list(): Promise<MountEntry[]>
  /** The topmost mount at exactly this path, or undefined when the path is absent or no mount point. */
  at(path: string): Promise<MountEntry | undefined>
  mount(request: MountRequest): Promise<void>
  /**
   * The names of options in which a mount certainly differs from these. The kernel does not list all options,
   * and lists some differently; those count as equal, so a mount never differs from its own options.
   */
  differences(entry: MountEntry, options: readonly string[]): string[]
  /** Makes `source` (a directory or a file) visible at `target`, which must exist and be of the same kind. */
  bind(source: string, target: string, options: { readonly readOnly: boolean }): Promise<void>
  /**
   * Keeps what is mounted below this mount point out of all other mount namespaces.
   * @throws EINVAL where nothing is mounted
   */
  makePrivate(target: string): Promise<void>
  /** Unmounts the topmost mount at the path, if there is one. @throws EBUSY while it is in use. */
  unmount(target: string): Promise<void>
  /**
   * Opens the active file system of the device, even without a path to it: covered by another mount, lazily
   * unmounted, or mounted only in another mount namespace. It never opens one that is mounted over it.
   * @param name under which the device was found attached: its number may be another file's by now
   * @returns undefined when there certainly is none
   */
  openFileSystem(device: LoopDevice, name?: string): Promise<OpenFileSystem | undefined>
  /**
   * Trims in steps (FITRIM), each of which takes some seconds at most and cannot be interrupted. Between two
   * steps the caller may stop, or release its locks.
   * @param from where to begin: 0, then the `next` of the step before
   */
  trim(mountPoint: string, from: bigint): Promise<TrimStep>
}
