import type { FileSystemState } from './file-system-state.ts'
import type { GroupSnapshotId, SnapshotId, VolumeId } from './ids.ts'
import type { FsType } from './ports/file-systems.ts'
import type { AccessType } from './volume.ts'

/** The group that a snapshot was made with. It is complete when all its members exist. */
export interface SnapshotGroup {
  readonly id: GroupSnapshotId
  readonly name: string
  readonly members: readonly SnapshotId[]
  /**
   * The names of the members' pools. While one of these pools is unreachable, its members do not count as
   * missing.
   */
  readonly pools: readonly string[]
}

/**
 * The content that a volume had at one point in time. It does not depend on the volume, which can be deleted.
 */
export interface Snapshot {
  readonly id: SnapshotId
  /**
   * CreateSnapshot's name: any Unicode. For a member of a group, it consists of the group's name and the
   * source.
   */
  readonly name: string
  readonly pool: string
  readonly sourceVolumeId: VolumeId
  /** The source's capacity, which is also the minimum for a volume restored from it. */
  readonly sizeBytes: bigint
  /** The point in time, ISO 8601. */
  readonly pointInTime: string
  readonly accessTypes: readonly AccessType[]
  readonly fsType: FsType
  /** The state of the file system in the source's record at that point in time. */
  readonly fileSystem: FileSystemState
  readonly group: SnapshotGroup | undefined
}
