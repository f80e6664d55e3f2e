import type { FileSystemUsage } from '../../volumes/model/ports.ts'
import { messageOf } from '../../volumes/model/errors.ts'
import type { PoolOnDisk } from '../../volumes/inspection/pool-on-disk.ts'
import { volumeImage } from '../../volumes/inspection/pool-usage.ts'
import type { VolumeOnNode } from '../../volumes/inspection/volume-on-node.ts'
import type { ContentSource, Volume } from '../../volumes/model/volume.ts'
import { volumesOf, type Survey } from '../node/survey.ts'

/** A volume as `--json` prints it: the names of its fields stay as they are. Sizes are bytes. */
export interface VolumeView {
  readonly id: string
  readonly pool: string
  readonly image: string
  /** Why it cannot be used. Then nothing but the fields above is known. */
  readonly problem: string | null
  /** CreateVolume's name: with Kubernetes, that of the PersistentVolume. */
  readonly name: string | null
  /** `namespace/name` of the PersistentVolumeClaim, where the provisioner told it. */
  readonly claim: string | null
  readonly accessTypes: readonly string[]
  readonly fsType: string | null
  readonly provisioning: string | null
  readonly directIo: string | null
  readonly discard: string | null
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

/** All volumes, also those that cannot be used, in the order of pools and ids. */
export async function volumeViews(survey: Survey): Promise<VolumeView[]> {
  const ofPool = async (pool: PoolOnDisk): Promise<VolumeView[]> => {
    const whole = (await volumesOf(pool, survey)).map(toView)
    const damaged = [...pool.volumes.damaged].map(([id, error]) => damagedView(pool, id, error))
    return [...whole, ...damaged].sort((a, b) => (a.id < b.id ? -1 : 1))
  }
  return (await Promise.all(survey.pools.map(ofPool))).flat()
}

/** `namespace/name` of the claim that the volume was made for. */
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
    provisioning: volume.provisioning,
    directIo: volume.directIo,
    discard: volume.discard,
    contentSource: volume.contentSource ?? null,
    ephemeral: volume.ephemeral,
    createdAt: volume.createdAt,
    capacityBytes: Number(volume.capacityBytes),
    allocatedBytes: Number(allocatedBytes),
    devices: devices.map(({ device, directIo, readOnly }) => ({ path: device.path, readOnly, directIo })),
    mounts: mounts.map(({ readOnly, target }) => ({ target, readOnly })),
    usage: usage ? toUsage(usage) : null,
  }
}

function toUsage({ bytes, inodes }: FileSystemUsage): UsageView {
  return {
    totalBytes: Number(bytes.total),
    usedBytes: Number(bytes.used),
    availableBytes: Number(bytes.available),
    totalInodes: Number(inodes.total),
    usedInodes: Number(inodes.used),
  }
}

function damagedView(pool: PoolOnDisk, id: string, error: Error): VolumeView {
  return {
    id,
    pool: pool.config.name,
    image: volumeImage(pool, id),
    problem: messageOf(error),
    name: null,
    claim: null,
    accessTypes: [],
    fsType: null,
    provisioning: null,
    directIo: null,
    discard: null,
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
