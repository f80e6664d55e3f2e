import type { VolumeAttributes } from './attributes.ts'
import { VolumeError } from './errors.ts'
import type { FileSystemState } from './file-system-state.ts'
import type { VolumeId } from './ids.ts'
import type { FsType } from './ports/file-systems.ts'
import type { SectorBytes } from './ports/loop-devices.ts'

/** How a container sees a volume: a mounted file system or a raw device. Fixed when the volume is made. */
export type AccessType = 'mount' | 'block'

export type Provisioning = VolumeAttributes['provisioning']

/** Where a new volume's content comes from. */
export type ContentSource =
  { readonly type: 'snapshot'; readonly id: string } | { readonly type: 'volume'; readonly id: string }

/** What was requested and decided when a volume was created. A repeated request must match it. */
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
  /** The attributes that were requested first; a repeated CreateVolume asks for these again. */
  readonly initial: VolumeAttributes
  /** Made by NodePublishVolume for one pod, and deleted with it. */
  readonly ephemeral: boolean
  /** ISO 8601. */
  readonly createdAt: string
  /** PersistentVolume and claim, if the caller named them, for people. */
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
 * The sector size is the same for the life of a volume and for its copies, because file systems and partition
 * tables depend on it. With 4096, direct I/O is possible on every file system of a pool, also when an image
 * shares blocks. The content of a raw block volume may expect the sectors of a common disk.
 */
export function sectorBytesOf({ accessTypes }: Pick<Volume, 'accessTypes'>): SectorBytes {
  return accessTypes.includes('mount') ? 4096 : 512
}

/** Why the volume cannot be used in this way; undefined when it can. */
export function incompatibility(volume: Volume, access: Access): string | undefined {
  if (!volume.accessTypes.includes(access.type)) {
    return `volume "${volume.id}" was made for access type ${volume.accessTypes.join(' and ')}, not ${access.type}`
  }
  if (access.type === 'mount' && access.fsType !== undefined && access.fsType !== volume.fsType) {
    return `volume "${volume.id}" has fs_type ${volume.fsType}, not ${access.fsType}`
  }
  return undefined
}

/** @throws VolumeError failed-precondition when the volume cannot be used in this way */
export function requireAccess(volume: Volume, access: Access): void {
  const reason = incompatibility(volume, access)
  if (reason !== undefined) throw new VolumeError('failed-precondition', reason)
}

/** True when no container may write: by the access mode, or by the mount flag `ro`. */
export function isReadOnly(access: Access): boolean {
  if (access.mode === 'SINGLE_NODE_READER_ONLY') return true
  if (access.type === 'block') return false
  const flags = access.mountFlags.flatMap((option) => option.split(','))
  return flags.lastIndexOf('ro') > flags.lastIndexOf('rw')
}
