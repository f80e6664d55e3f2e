import type { LoopDevice } from './loop-devices.ts'

/**
 * The loop device that a mount shows, by the kernel's device number. Names prove nothing: a container can
 * call a directory of its volume `loop7`.
 */
export interface MountedLoop {
  readonly number: number
  /** The file system on the device, or some directory of it; or the device's node. */
  readonly as: 'file system' | 'node'
}

export interface MountEntry {
  /** Absolute path, symbolic links resolved. */
  readonly target: string
  /** What was mounted: a device's path, for a bind mount that of the mount that it came from. */
  readonly source: string
  readonly fsType: string
  /**
   * The path inside `source` that is visible at `target`; `/` for a whole file system. It ends with
   * `//deleted` when that path has been removed: then a device's node dates from an earlier device with the
   * number.
   */
  readonly root: string
  /** Undefined for a mount that has nothing to do with a loop device. */
  readonly loop: MountedLoop | undefined
  readonly readOnly: boolean
  /** Options of the mount point, then those of the file system. */
  readonly options: readonly string[]
}

/** What one step of a trim has done. */
export interface TrimStep {
  /** By the file system's own count. */
  readonly trimmedBytes: bigint
  /** Undefined when all of the file system has been trimmed. */
  readonly next: bigint | undefined
}

export interface MountRequest {
  readonly source: string
  readonly target: string
  readonly fsType: string
  /** As in fstab(5): known flags become mount(2) flags, the rest is handed to the file system as data. */
  readonly options: readonly string[]
}

/**
 * A mounted file system that is held open: whatever becomes of its mounts, and of this process's descriptors
 * and threads, it can be thawed until this is disposed of.
 */
export interface OpenFileSystem extends AsyncDisposable {
  /** For people: where it is mounted, or the path of its device. */
  readonly place: string
  /**
   * Writes everything out and holds up all writers until `thaw` (FIFREEZE).
   * @throws EBUSY when it is frozen already.
   */
  freeze(): Promise<void>
  /** Ends a freeze, whoever began it (FITHAW). @returns false when it was not frozen */
  thaw(): Promise<boolean>
  /** Writes everything out without holding anybody up (syncfs(2)). */
  flush(): Promise<void>
}

export interface Mounts {
  list(): Promise<MountEntry[]>
  /** The topmost mount at exactly this path, or undefined when the path is absent or no mount point. */
  at(path: string): Promise<MountEntry | undefined>
  mount(request: MountRequest): Promise<void>
  /**
   * In which options a mount surely differs from one that is made with others, by name. The kernel does not
   * show all options, and some in other words; those are taken for equal, so a mount never differs from its
   * own options.
   */
  differences(entry: MountEntry, options: readonly string[]): string[]
  /** Makes `source` (a directory or a file) visible at `target`, which must exist and be of the same kind. */
  bind(source: string, target: string, options: { readonly readOnly: boolean }): Promise<void>
  /**
   * Keeps what is mounted below this mount point out of all other mount namespaces.
   * @throws EINVAL where nothing is mounted
   */
  makePrivate(target: string): Promise<void>
  /** Unmounts the topmost mount at the path. Not mounted: nothing to do. @throws EBUSY while it is in use. */
  unmount(target: string): Promise<void>
  /**
   * Opens the file system that is alive on the device, wherever it is mounted, also where no path leads to
   * it: under another mount, unmounted lazily, or in another mount namespace only. Never another one that is
   * mounted over it.
   * @returns undefined when it is certain that there is none
   */
  openFileSystem(device: LoopDevice): Promise<OpenFileSystem | undefined>
  /**
   * Gives unused blocks back to the device (FITRIM), in steps that last seconds at most and cannot be
   * interrupted. What the caller does between two of them, or lets others do, is up to the caller, who also
   * ends it there.
   * @param from where to begin: 0, then the `next` of the step before
   */
  trim(mountPoint: string, from: bigint): Promise<TrimStep>
}
