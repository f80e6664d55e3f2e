import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { FILES_AT_ONCE, sideBySide } from '../concurrency/side-by-side.ts'
import { pathExists } from '../machine/mount-points.ts'
import { failureOf, hasErrno, isTransient, messageOf, VolumeError } from '../model/errors.ts'
import { isId } from '../model/ids.ts'
import type { PoolConfig } from '../model/pool-config.ts'
import type { ImageFiles } from '../model/ports/image-files.ts'
import type { Mounts } from '../model/ports/mounts.ts'
import type { Snapshot } from '../model/snapshot.ts'
import type { Volume } from '../model/volume.ts'
import { requireEmpty, unreadable } from '../pool/files/directory.ts'
import { readPoolId, requirePool, type KnownPools } from '../pool/files/pool-identity.ts'
import { requireImage } from '../pool/image/image-maker.ts'
import { readFreezeMarker, IMAGE } from '../pool/records/draft.ts'
import { loadRecord, snapshotKind, volumeKind, type RecordKind } from '../pool/records/record-kinds.ts'
import { measurePool } from '../pool/space/measure.ts'
import type { PoolUsage } from '../pool/space/space.ts'

/**
 * `new` is a pool that the driver creates when it next starts. An image pool is `unmounted` while no driver
 * runs, and in other mount namespaces than the driver's.
 */
export type PoolState = 'ready' | 'new' | 'unmounted' | 'unreachable'

/** A pool on the disk. */
export interface PoolOnDisk {
  readonly config: PoolConfig
  readonly state: PoolState
  /** Why it cannot be used. */
  readonly problem: VolumeError | undefined
  readonly volumes: RecordsOnDisk<Volume>
  readonly snapshots: RecordsOnDisk<Snapshot>
}

export interface InspectionDependencies {
  readonly files: ImageFiles
  readonly mounts: Mounts
  readonly known: KnownPools
}

const nothing = { records: [], damaged: new Map(), unfinished: new Map() }

/**
 * Reads a pool that a driver may have open: takes no lock, creates nothing, sweeps nothing. Never fails.
 */
export async function readPool(config: PoolConfig, on: InspectionDependencies): Promise<PoolOnDisk> {
  const found = { config, problem: undefined, volumes: nothing, snapshots: nothing }
  try {
    const state = await stateOf(config, on)
    if (state !== 'ready') return { ...found, state }
    const volumes = await readRecords(volumeKind, config, on.files)
    const snapshots = await readRecords(snapshotKind, config, on.files)
    return { ...found, state, volumes, snapshots }
  } catch (error) {
    const problem = error instanceof VolumeError ? error : unreadable(config.name, config.path, error)
    return { ...found, state: 'unreachable', problem }
  }
}

/** @throws VolumeError as Pool.open does */
async function stateOf(
  { name, path, image }: PoolConfig,
  { files, known, mounts }: InspectionDependencies,
): Promise<PoolState> {
  const knownId = await known.get(name)
  if (image) {
    if (knownId !== undefined) await requireImage(files, name, image)
    if (!(await mounts.at(path))) return knownId === undefined ? 'new' : 'unmounted'
  }
  if (knownId !== undefined) await requirePool(name, path, knownId)
  else if ((await readPoolId(name, path)) === undefined) {
    await requireEmptyOrAbsent(name, path)
    return 'new'
  }
  return 'ready'
}

async function requireEmptyOrAbsent(name: string, path: string): Promise<void> {
  try {
    await requireEmpty(name, path, 'pool.json', '.pool.json.new')
  } catch (error) {
    if (!hasErrno(error, 'ENOENT')) throw error
  }
}

/** The volumes or the snapshots of a pool on the disk. */
export interface RecordsOnDisk<T> {
  /** In the order of their ids. */
  readonly records: readonly T[]
  /** Why a record cannot be used, by id. */
  readonly damaged: ReadonlyMap<string, Error>
  /**
   * The drafts and removals, by name, with the volumes of their freeze markers. A running driver works on
   * them; otherwise they are left from a crash.
   */
  readonly unfinished: ReadonlyMap<string, readonly string[]>
}

/**
 * Reads what RecordStore.open reads, and changes nothing. Objects that a driver deletes meanwhile are
 * omitted.
 */
export async function readRecords<T extends { readonly id: string }>(
  kind: RecordKind<T>,
  pool: { readonly name: string; readonly path: string },
  files: ImageFiles,
): Promise<RecordsOnDisk<T>> {
  const path = join(pool.path, kind.folder)
  const names = (await namesIn(path)).sort()
  const damaged = new Map<string, Error>()
  const load = async (id: string): Promise<T[]> => {
    const directory = join(path, id)
    try {
      return [await loadRecord(kind, pool.name, directory, files)]
    } catch (error) {
      if (isTransient(error)) throw failureOf(directory, error)
      if (await pathExists(directory))
        damaged.set(id, Error.isError(error) ? error : new Error(messageOf(error)))
      return []
    }
  }
  const records = (await sideBySide(names.filter(isId), FILES_AT_ONCE, load)).flat()
  const dotted = names.filter((name) => name.startsWith('.'))
  const frozen = await sideBySide(
    dotted,
    FILES_AT_ONCE,
    async (name) => [name, await readFreezeMarker(join(path, name))] as const,
  )
  return { records, damaged, unfinished: new Map(frozen) }
}

async function namesIn(directory: string): Promise<string[]> {
  try {
    return await readdir(directory)
  } catch (error) {
    if (hasErrno(error, 'ENOENT')) return []
    throw error
  }
}

/** The image of a volume of the pool. */
export function volumeImage({ config }: Pick<PoolOnDisk, 'config'>, id: string): string {
  return join(config.path, volumeKind.folder, id, IMAGE)
}

/** The image of a snapshot of the pool. */
export function snapshotImage({ config }: Pick<PoolOnDisk, 'config'>, id: string): string {
  return join(config.path, snapshotKind.folder, id, IMAGE)
}

/** What is allocated and what is provisioned, computed as in the driver. */
export async function usageOf(pool: PoolOnDisk, files: ImageFiles): Promise<PoolUsage> {
  const images = {
    volumes: { ids: idsOf(pool.volumes), image: (id: string) => volumeImage(pool, id) },
    snapshots: { ids: idsOf(pool.snapshots), image: (id: string) => snapshotImage(pool, id) },
  }
  const { allocatedBytes, freeBytes, snapshotBytes } = await measurePool(pool.config, images, files)
  const volumeBytes = pool.volumes.records.reduce((sum, { capacityBytes }) => sum + capacityBytes, 0n)
  return { provisionedBytes: volumeBytes + snapshotBytes, allocatedBytes, freeBytes }
}

function idsOf({ records }: { readonly records: readonly { readonly id: string }[] }): string[] {
  return records.map(({ id }) => id)
}
