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
