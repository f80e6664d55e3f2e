import type { FileSystemState } from './file-system-state.ts'
import type { VolumeId } from './ids.ts'
import type { DirectIo, FsType, SectorBytes } from './ports.ts'

/** How a container sees a volume: a mounted file system or a raw device. Fixed when the volume is made. */
export type AccessType = 'mount' | 'block'

/** Thin images are sparse and take space as they are written; thick ones have all of it from the start. */
export type Provisioning = 'thin' | 'thick'

/**
 * When blocks that the file system no longer uses go back to the pool: never, at once (the `discard` mount
 * option), or from time to time (FITRIM).
 */
export type Discard = 'none' | 'online' | 'periodic'

/** Where a new volume's content comes from. */
export type ContentSource =
  { readonly type: 'snapshot'; readonly id: string } | { readonly type: 'volume'; readonly id: string }

/** What of a volume can be changed while it lives (ControllerModifyVolume). */
export interface VolumeAttributes {
  readonly provisioning: Provisioning
  readonly directIo: DirectIo
  readonly discard: Discard
}

/** What was asked for and decided when a volume was made. A repeated request must ask for the same. */
export interface VolumeSpec extends VolumeAttributes {
  readonly pool: string
  readonly accessTypes: readonly AccessType[]
  readonly fsType: FsType
  readonly mkfsOptions: readonly string[]
  readonly contentSource: ContentSource | undefined
}

export interface Volume extends VolumeSpec {
  readonly id: VolumeId
  /** CreateVolume's name: any Unicode. */
  readonly name: string
  readonly capacityBytes: bigint
  readonly fileSystem: FileSystemState
  /** The attributes as they were asked for first; a repeated CreateVolume asks for these again. */
  readonly initial: VolumeAttributes
  /** Made by NodePublishVolume for one pod, and gone with it. */
  readonly ephemeral: boolean
  /** ISO 8601. */
  readonly createdAt: string
  /** PersistentVolume and claim, when the caller told them; for people. */
  readonly labels: Readonly<Record<string, string>>
}

/**
 * CSI's access modes of one node. The modes of several nodes make no sense for a volume that lives on one.
 */
export const accessModes = [
  'SINGLE_NODE_WRITER',
  'SINGLE_NODE_READER_ONLY',
  'SINGLE_NODE_SINGLE_WRITER',
  'SINGLE_NODE_MULTI_WRITER',
] as const
export type AccessMode = (typeof accessModes)[number]

/** How a caller wants to use a volume: CSI's VolumeCapability. */
export type Access =
  | { readonly type: 'block'; readonly mode: AccessMode }
  | {
      readonly type: 'mount'
      readonly mode: AccessMode
      /** Undefined: the volume's own. */
      readonly fsType: FsType | undefined
      readonly mountFlags: readonly string[]
    }

/**
 * The same for the life of a volume and for its copies, because file systems and partition tables depend on
 * it. With 4096, direct I/O is possible on every file system below, also when an image shares blocks; what is
 * in a raw block volume may expect the sectors of a common disk.
 */
export function sectorBytesOf({ accessTypes }: Pick<Volume, 'accessTypes'>): SectorBytes {
  return accessTypes.includes('mount') ? 4096 : 512
}
