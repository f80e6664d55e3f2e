import { VolumeError, hasErrno } from '../model/errors.ts'
import { readPoolId, requirePool, type KnownPools } from '../pool/files/pool-identity.ts'
import { requireEmpty, unreadable } from '../pool/files/directory.ts'
import { requireImage } from '../pool/image/image.ts'
import { snapshotKind, volumeKind } from '../pool/records/record-kinds.ts'
import type { ImageFiles, Mounts } from '../model/ports.ts'
import type { Snapshot } from '../model/snapshot.ts'
import type { Volume } from '../model/volume.ts'
import { readRecords, type RecordsOnDisk } from './records-on-disk.ts'
import type { PoolConfig } from '../model/pool-config.ts'

/**
 * `new` is a pool that the next start of the driver makes; a pool image is `unmounted` while no driver runs,
 * or seen from another mount namespace than the driver's.
 */
export type PoolState = 'ready' | 'new' | 'unmounted' | 'unreachable'

/** A pool as it lies on the disk. */
export interface PoolOnDisk {
  readonly config: PoolConfig
  readonly state: PoolState
  /** Why it is unreachable, or not what a pool is. */
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
 * Looks at a pool beside the driver that may have it open: takes no lock, makes nothing, sweeps nothing.
 * Never fails.
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
