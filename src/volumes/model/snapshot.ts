import type { FileSystemState } from './file-system-state.ts'
import type { GroupSnapshotId, SnapshotId, VolumeId } from './ids.ts'
import type { FsType } from './ports.ts'
import type { AccessType } from './volume.ts'

/** The group that a snapshot was cut with. It is complete when all its members are there. */
export interface SnapshotGroup {
  readonly id: GroupSnapshotId
  readonly name: string
  readonly members: readonly SnapshotId[]
  /**
   * The names of the pools that the members are in, by which those of a pool that is not there are not taken
   * for missing.
   */
  readonly pools: readonly string[]
}

/**
 * The content that a volume had at one point in time. It does not depend on the volume, which may be gone.
 */
export interface Snapshot {
  readonly id: SnapshotId
  /** CreateSnapshot's name: any Unicode. For a member of a group, the group's name and the source. */
  readonly name: string
  readonly pool: string
  readonly sourceVolumeId: VolumeId
  /** The source's capacity, and so the least that a volume made of it has. */
  readonly sizeBytes: bigint
  /** The point in time, ISO 8601. */
  readonly cutAt: string
  readonly accessTypes: readonly AccessType[]
  readonly fsType: FsType
  /** What the source's record said of its file system at that point in time. */
  readonly fileSystem: FileSystemState
  readonly group: SnapshotGroup | undefined
}
