import { FILES_AT_ONCE, sideBySide } from '../concurrency/side-by-side.ts'
import { issueOf, type Reason, type StorageIssue, type VolumeIssue } from '../issues/catalogue.ts'
import { isFileSystemMount } from '../machine/attachments.ts'
import { isShutDown } from '../machine/mount-points.ts'
import { failureOf, isTransient, messageOf, VolumeError } from '../model/errors.ts'
import type { Volume } from '../model/volume.ts'
import { NewerRecordError } from '../pool/files/versioned-json.ts'
import { PoolUnreachableError } from '../pool/gate/unreachable.ts'
import type { Pool } from '../pool/pool.ts'
import { ImageDamage, imageSize, requireFullSize } from '../pool/records/record-kinds.ts'
import type { NodeContext } from '../state/context.ts'
import type { VolumeState } from '../state/volume-state.ts'
import { deviceIssues, placeIssues, type Place } from './node-issues.ts'
import { poolIssues } from './pool-issues.ts'

export type VolumeHealthDependencies = Pick<NodeContext, 'access' | 'catalog' | 'files' | 'mounts'>

/** Where the CO believes a volume to be; undefined where it does not say. */
export interface VolumePlaces {
  readonly stagingPath: string | undefined
  readonly publishPath: string | undefined
}

/** The issues of volumes, found when they are asked for; none is stored. */
export class VolumeHealth {
  readonly #deps: VolumeHealthDependencies

  constructor(dependencies: VolumeHealthDependencies) {
    this.#deps = dependencies
  }

  /** On the disk, whether the volume is in use or not. @throws VolumeError not-found */
  async onDisk(id: string): Promise<VolumeIssue[]> {
    const pool = this.#deps.catalog.poolOf(id)
    return pool ? await this.#onDisk(id, pool, await poolIssues(pool)) : this.#withoutPool(id)
  }

  /** As `onDisk`, for many volumes; each pool is checked once. */
  async ofMany(ids: readonly string[]): Promise<Map<string, VolumeIssue[]>> {
    const pools = this.#deps.catalog.pools()
    const ofPools = new Map(
      await Promise.all(pools.map(async (pool) => [pool, await poolIssues(pool)] as const)),
    )
    const ofOne = async (id: string): Promise<[string, VolumeIssue[]]> => {
      const pool = this.#deps.catalog.poolOf(id)
      return [id, pool ? await this.#onDisk(id, pool, ofPools.get(pool) ?? []) : []]
    }
    return new Map(await sideBySide(ids, FILES_AT_ONCE, ofOne))
  }

  /** On the disk, and with its devices and mounts on this node. @throws VolumeError not-found */
  async onNode(id: string, places: VolumePlaces, signal: AbortSignal): Promise<VolumeIssue[]> {
    const { access, catalog } = this.#deps
    return await access.lookAt(id, signal, async () => {
      const onDisk = await this.onDisk(id)
      // A device can be recognized by the image only.
      const isMissing = onDisk.some(({ reason }) => !hasImage.includes(reason))
      if (isMissing || !catalog.poolOf(id)?.volumes.get(id)) return onDisk
      return withoutRepetitions([...onDisk, ...(await this.#inUse(access.observe(id), places))])
    })
  }

  async #onDisk(id: string, pool: Pool, ofPool: readonly StorageIssue[]): Promise<VolumeIssue[]> {
    const volume = pool.volumes.get(id)
    const issues = ofPool.filter((issue) => concerns(issue, volume)).map(asVolumeIssue)
    if (issues.some(({ status }) => status === 'inaccessible')) return issues
    return [...issues, ...(await this.#damage(id, pool))]
  }

  async #damage(id: string, pool: Pool): Promise<VolumeIssue[]> {
    const damage = pool.volumes.damaged.get(id)
    if (damage) return [damageIssue(id, damage)]
    const volume = pool.volumes.get(id)
    try {
      const { logical } = await imageSize(this.#deps.files, pool.volumes.image(id))
      requireFullSize(logical, volume?.capacityBytes ?? 0n)
      const missing = pool.withoutFileSystem.get(id)
      return missing ? [issueOf('FileSystemMissing', missing)] : []
    } catch (error) {
      if (isTransient(error)) throw failureOf(`volume "${id}"`, error)
      // Deleted since it was found.
      return pool.volumes.get(id) ? [damageIssue(id, error)] : []
    }
  }

  #withoutPool(id: string): VolumeIssue[] {
    try {
      this.#deps.catalog.requireAbsent(id)
    } catch (error) {
      return [issueOf('PoolUnreachable', { message: messageOf(error) })]
    }
    throw new VolumeError('not-found', `volume "${id}" does not exist on this node`)
  }

  async #inUse(state: VolumeState, { stagingPath, publishPath }: VolumePlaces): Promise<VolumeIssue[]> {
    const { volume } = state
    const devices = await state.devices()
    const isBlock = !volume.accessTypes.includes('mount') || (await state.attachment()) === 'raw'
    const at = async (path: string | undefined, isStagedBlock: boolean): Promise<VolumeIssue[]> =>
      path === undefined ? [] : placeIssues(await this.#place(path), devices, isStagedBlock)
    return [
      ...deviceIssues(volume, devices),
      ...(await at(stagingPath, isBlock)),
      ...(await at(publishPath, false)),
    ]
  }

  async #place(path: string): Promise<Place> {
    const entry = await this.#deps.mounts.at(path)
    const isFileSystem = entry !== undefined && isFileSystemMount(entry)
    return { path, entry, isShutDown: isFileSystem && (await isShutDown(path)) }
  }
}

/** Issues with which a volume has its image and may be in use. */
const hasImage: readonly Reason[] = [
  'ImageShrunk',
  'FileSystemMissing',
  'PoolReadOnly',
  'PoolNearlyFull',
  'PoolFull',
]

/** A thick volume has all of its blocks, however full its pool is. */
function concerns({ reason }: StorageIssue, volume: Volume | undefined): boolean {
  return (reason !== 'PoolNearlyFull' && reason !== 'PoolFull') || volume?.provisioning === 'thin'
}

/** A volume is as inaccessible or read-only as its pool. */
function asVolumeIssue({ message, reason, status }: Omit<StorageIssue, 'pool'>): VolumeIssue {
  return { status: status === 'unreachable' ? 'inaccessible' : 'degraded', reason, message }
}

/** The issue of a volume whose record or image cannot be used. */
export function damageIssue(id: string, error: unknown): VolumeIssue {
  if (error instanceof ImageDamage) return issueOf(error.reason, { id, problem: error.message })
  // Unreachable since its pool was checked.
  if (error instanceof PoolUnreachableError) {
    return asVolumeIssue(issueOf(error.reason, error))
  }
  const reason = error instanceof NewerRecordError ? 'VolumeOfNewerDriver' : 'VolumeDamaged'
  return issueOf(reason, { id, problem: messageOf(error) })
}

/** CSI allows each pair of status and reason once per volume. */
export function withoutRepetitions(issues: readonly VolumeIssue[]): VolumeIssue[] {
  const first = new Map<string, VolumeIssue>()
  for (const issue of issues) {
    const key = `${issue.status} ${issue.reason}`
    if (!first.has(key)) first.set(key, issue)
  }
  return [...first.values()]
}
