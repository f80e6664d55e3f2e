import { volumeImage, type PoolOnDisk } from '../../volumes/inspection/pool-on-disk.ts'
import type { VolumeOnNode } from '../../volumes/inspection/volume-on-node.ts'
import { attributeKeys, attributesOf, type VolumeAttributes } from '../../volumes/model/attributes.ts'
import type { FileSystemUsage } from '../../volumes/model/ports/image-files.ts'
import type { ContentSource, Volume } from '../../volumes/model/volume.ts'

type AttributesView = { readonly [K in keyof VolumeAttributes]: string | null }

const unknownAttributes = Object.fromEntries(attributeKeys.map((key) => [key, null])) as AttributesView

/** A volume in the output of `--json`, which is an interface: fields keep their names. Sizes are bytes. */
export interface VolumeView extends AttributesView {
  readonly id: string
  readonly pool: string
  readonly image: string
  /** Why the volume cannot be used. Then only the fields above are known. */
  readonly problem: string | null
  /** CreateVolume's name: with Kubernetes, that of the PersistentVolume. */
  readonly name: string | null
  /** `namespace/name` of the PersistentVolumeClaim, if the provisioner passes it. */
  readonly claim: string | null
  readonly accessTypes: readonly string[]
  readonly fsType: string | null
  readonly contentSource: ContentSource | null
  readonly ephemeral: boolean
  readonly createdAt: string | null
  readonly capacityBytes: number
  readonly allocatedBytes: number
  /** Its own device first, then read-only ones on top of it. */
  readonly devices: readonly DeviceView[]
  readonly mounts: readonly MountView[]
  readonly usage: UsageView | null
}

export interface DeviceView {
  readonly path: string
  readonly readOnly: boolean
  readonly directIo: boolean
}

export interface MountView {
  readonly target: string
  readonly readOnly: boolean
}

/** How full the file system is. */
export interface UsageView {
  readonly totalBytes: number
  readonly usedBytes: number
  readonly availableBytes: number
  readonly totalInodes: number
  readonly usedInodes: number
}

/** `namespace/name` of the claim that the volume was created for. */
export function claimOf({ labels }: Pick<Volume, 'labels'>): string | undefined {
  const { 'pvc/namespace': namespace, 'pvc/name': name } = labels
  return namespace === undefined || name === undefined ? undefined : `${namespace}/${name}`
}

export function toView({ allocatedBytes, devices, image, mounts, usage, volume }: VolumeOnNode): VolumeView {
  return {
    id: volume.id,
    pool: volume.pool,
    image,
    problem: null,
    name: volume.name,
    claim: claimOf(volume) ?? null,
    accessTypes: volume.accessTypes,
    fsType: volume.accessTypes.includes('mount') ? volume.fsType : null,
    ...attributesOf(volume),
    contentSource: volume.contentSource ?? null,
    ephemeral: volume.ephemeral,
    createdAt: volume.createdAt,
    capacityBytes: Number(volume.capacityBytes),
    allocatedBytes: Number(allocatedBytes),
    devices: devices.map(({ device, directIo, readOnly }) => ({ path: device.path, readOnly, directIo })),
    mounts: mounts.map(({ readOnly, target }) => ({ target, readOnly })),
    usage: usage ? toUsageView(usage) : null,
  }
}

function toUsageView({ bytes, inodes }: FileSystemUsage): UsageView {
  return {
    totalBytes: Number(bytes.total),
    usedBytes: Number(bytes.used),
    availableBytes: Number(bytes.available),
    totalInodes: Number(inodes.total),
    usedInodes: Number(inodes.used),
  }
}

/** A volume with a damaged record. */
export function damagedView(pool: PoolOnDisk, id: string, problem: string): VolumeView {
  return {
    id,
    pool: pool.config.name,
    image: volumeImage(pool, id),
    problem,
    name: null,
    claim: null,
    accessTypes: [],
    fsType: null,
    ...unknownAttributes,
    contentSource: null,
    ephemeral: false,
    createdAt: null,
    capacityBytes: 0,
    allocatedBytes: 0,
    devices: [],
    mounts: [],
    usage: null,
  }
}
