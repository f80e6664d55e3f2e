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
  /** The smallest volume for this type. */
  minimumBytes(type: FsType): bigint
  /**
   * @throws whenever the content is uncertain: a missing device, an I/O error; VolumeError
   * failed-precondition for signatures that are damaged or contradict each other
   */
  probe(device: string, signal: AbortSignal): Promise<Signature>
  /**
   * The file system of a device or an image, by its superblock alone. This is cheap and works while it is
   * mounted, but `undefined` does not prove that the device is blank.
   */
  identify(device: string): Promise<FileSystemIdentity | undefined>
  /**
   * Creates a file system on a blank device without discarding (a thick image stays allocated), and flushes
   * it.
   */
  format(type: FsType, device: string, options: readonly string[], signal: AbortSignal): Promise<void>
  /**
   * Checks a file system before a mount, and repairs what is safe to repair automatically.
   * @throws when it needs a manual repair.
   */
  check(type: FsType, device: string, signal: AbortSignal): Promise<void>
  /**
   * Grows a checked, unmounted file system to the size of its device, where the type supports it. With ext4
   * this does not need the privilege that `grow` needs.
   */
  growUnmounted(type: FsType, device: string, signal: AbortSignal): Promise<void>
  /**
   * Whether the file system is smaller than its device, by the superblock on the device, which may be
   * outdated while it is mounted for writing.
   */
  hasRoomToGrow(type: FsType, device: string): Promise<boolean>
  /**
   * Grows a mounted file system to the size of its device; nothing to do when it has that size.
   * @throws VolumeError aborted when something else has unmounted it meanwhile
   */
  grow(type: FsType, device: string, mountPoint: string, signal: AbortSignal): Promise<void>
  /**
   * Gives a copied file system, in an image that is not attached, a new UUID where the kernel requires that.
   * @returns its new UUID; undefined where it keeps the old one
   */
  renew(type: FsType, image: string, signal: AbortSignal): Promise<string | undefined>
  /** Options with which `format` gives the file system this UUID; undefined where it cannot be chosen. */
  uuidOptions(type: FsType, uuid: string): readonly string[] | undefined
  /** Commands with which a person repairs a file system of this type. */
  repairs(type: FsType): RepairCommands
  /** Options that a mount of this type always needs here, for example xfs's `nouuid`. */
  mountOptions(type: FsType): readonly string[]
}
