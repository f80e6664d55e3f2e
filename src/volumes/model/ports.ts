/**
 * What volumes need from the machine. src/linux implements these on the kernel, test/fakes in memory, and
 * test/contract holds one suite per port that both must pass.
 *
 * All sizes are bytes. Everything that can wait takes an AbortSignal as its last parameter.
 */

/** A loop device as the kernel numbers it; `path` is its node in this process's /dev and is never stored. */
export interface LoopDevice {
  readonly number: number
  readonly path: string
}

/**
 * `on` fails where the file system of the image cannot do direct I/O; `auto` then falls back to the page
 * cache.
 */
export type DirectIo = 'auto' | 'on' | 'off'

/**
 * Of a device's sectors; never left to the kernel, which has it follow from what the image's file system can
 * do today.
 */
export type SectorBytes = 512 | 4096

export interface AttachOptions {
  /** Shown by `losetup -l` to people (lo_file_name): the volume's id, at most 63 bytes. */
  readonly name: string
  readonly readOnly: boolean
  /** The kernel detaches the device when its last user (mount or open file) is gone. */
  readonly autoclear: boolean
  readonly directIo: DirectIo
  readonly sectorBytes: SectorBytes
}

/**
 * A device that this process holds open. Disposing lets go of it: with autoclear an unused device is then
 * detached by the kernel, so a failed or killed operation leaves nothing behind; without autoclear it stays
 * attached.
 */
export interface Attachment extends AsyncDisposable {
  readonly device: LoopDevice
  /** What came out of the `directIo` wish. */
  readonly directIo: boolean
}

/** What the kernel says about an attached device. */
export interface LoopState {
  readonly device: LoopDevice
  readonly name: string
  readonly readOnly: boolean
  readonly autoclear: boolean
  readonly directIo: boolean
  readonly sizeBytes: bigint
}

/** A device that is left of an image, and that somebody uses, or may use. */
export interface KeptDevice extends LoopState {
  /** What follows the name of the device in a sentence. */
  readonly why: string
}

/** Devices of images that have no name any more, so that nobody will ever ask for them. */
export interface RecoveredDevices {
  readonly detached: readonly LoopState[]
  readonly kept: readonly KeptDevice[]
  /** Those of which the kernel has not told what they are, and why. */
  readonly unknown: readonly string[]
}

/** Attaches image files (or, read-only, block devices) to loop devices. An image has one device at most. */
export interface LoopDevices {
  /**
   * @throws VolumeError failed-precondition when the image is attached already, here or anywhere on the
   * machine.
   */
  attach(image: string, options: AttachOptions, signal: AbortSignal): Promise<Attachment>
  /**
   * The device that the image is attached to, or undefined. Of the devices on top of another one that of the
   * same name: the kubelet attaches one of its own to each raw block volume that a pod uses.
   */
  find(image: string): Promise<LoopState | undefined>
  /**
   * The devices of image files that were attached under this name, also where the image has no name any more.
   * It looks at all devices of the machine.
   */
  findNamed(name: string): Promise<LoopState[]>
  /**
   * Detaches the image's device and waits until the kernel has let go. Nothing attached: nothing to do.
   * @throws VolumeError failed-precondition while the device is mounted, held, or open, or its node is
   * bind-mounted somewhere.
   */
  detach(image: string, signal: AbortSignal): Promise<void>
  /**
   * As `detach`, with all devices on top of the image's, whoever attached them: the kubelet leaves its own
   * when a node is restarted. It looks at all devices of the machine only when something has the image's
   * device open.
   */
  detachWithAbove(image: string, signal: AbortSignal): Promise<void>
  /**
   * Detaches all devices that were attached under this name, for an image that can no longer be opened, and
   * which lay in a directory of the same name. It looks at all devices of the machine.
   * @throws VolumeError as `detach` does
   */
  detachNamed(name: string, signal: AbortSignal): Promise<void>
  /**
   * To be called at start-up, and now and then: learns where images are attached, and detaches the devices
   * whose name is one of ours, whose file is unlinked, and which nobody has mounted or open, with those on
   * top of them. It looks at all devices of the machine.
   * @param isOurs for the name of a device of any node on this machine
   * @param isHere for that of a device of this node; by default all of ours are
   */
  recover(isOurs: (name: string) => boolean, isHere?: (name: string) => boolean): Promise<RecoveredDevices>
  /** Writes out what the kernel has cached of the device's own content. */
  flush(device: LoopDevice): Promise<void>
  /** A figure that is another one after any write to the device, finished or under way. */
  writes(device: LoopDevice): string
  /** Turns direct I/O on or off while the device is in use. @returns what came out */
  setDirectIo(device: LoopDevice, on: boolean): Promise<boolean>
  /** Makes the device of a grown image as large as the image. */
  resize(device: LoopDevice): Promise<void>
}

/**
 * The loop device that a mount shows, by the kernel's device number. Names prove nothing: a container can
 * call a directory of its volume `loop7`.
 */
export interface ShownLoop {
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
  readonly loop: ShownLoop | undefined
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

export const fsTypes = ['ext4', 'xfs', 'btrfs'] as const
export type FsType = (typeof fsTypes)[number]

/** What low-level probing found on a device. Both absent: the device is proven to be blank. */
export interface Signature {
  /** blkid's TYPE: a file system, or a RAID member, LVM, LUKS, swap, … */
  readonly type: string | undefined
  /** blkid's PTTYPE. */
  readonly partitionTable: string | undefined
  /** blkid's UUID of the file system; undefined for one that has none. */
  readonly uuid: string | undefined
  /** True for a file system whose mkfs was killed half way, and which the kernel therefore never mounted. */
  readonly unfinished: boolean
}

/** Which file system this is, and which one of its type. */
export interface FileSystemIdentity {
  readonly type: FsType
  readonly uuid: string | undefined
}

/** Commands in which `<device>` stands for the device that the image is attached to. */
export interface RepairCommands {
  /** Repairs a file system whose superblock is lost from a backup superblock in the image. */
  readonly superblock: string
  /** Changes the UUID. */
  uuid(uuid: string): string
}

export interface FileSystems {
  /** The smallest volume that this type can live in. */
  minimumBytes(type: FsType): bigint
  /**
   * @throws whenever it is not certain what is there: a missing device, an I/O error; VolumeError
   * failed-precondition for signatures that are damaged or contradict each other
   */
  probe(device: string, signal: AbortSignal): Promise<Signature>
  /**
   * What a device or an image begins as, by its superblock alone: cheap, also right while it is mounted, and
   * no proof that nothing is there.
   */
  identify(device: string): Promise<FileSystemIdentity | undefined>
  /**
   * Makes a file system on a blank device, without discarding (a thick image stays allocated). All of it is
   * flushed then.
   */
  format(type: FsType, device: string, options: readonly string[], signal: AbortSignal): Promise<void>
  /**
   * Checks and repairs what can be repaired without a person, before a mount.
   * @throws when that is not enough.
   */
  check(type: FsType, device: string, signal: AbortSignal): Promise<void>
  /**
   * Grows a checked file system that is not mounted to the size of its device, where the type can; with ext4
   * this needs no privilege that `grow` needs.
   */
  growUnmounted(type: FsType, device: string, signal: AbortSignal): Promise<void>
  /**
   * Whether the file system is smaller than its device, by the superblock there: one that is mounted for
   * writing may lag behind.
   */
  hasRoomToGrow(type: FsType, device: string): Promise<boolean>
  /** Grows a mounted file system to the size of its device; nothing to do when it has that size. */
  grow(type: FsType, device: string, mountPoint: string, signal: AbortSignal): Promise<void>
  /**
   * Gives the copy of a file system, in an image that is not attached, an identity of its own where the
   * kernel needs one.
   * @returns its new UUID; undefined where it keeps the one that it has
   */
  renew(type: FsType, image: string, signal: AbortSignal): Promise<string | undefined>
  /** Options with which `format` gives the file system this UUID; undefined where it cannot be chosen. */
  uuidOptions(type: FsType, uuid: string): readonly string[] | undefined
  /** Commands for people, who repair a file system of this type by hand. */
  repairs(type: FsType): RepairCommands
  /** Options that a mount of this type always needs here, for example xfs's `nouuid`. */
  mountOptions(type: FsType): readonly string[]
}

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
