import { dirname, join } from 'node:path'
import { fullness } from '../health/pool-issues.ts'
import { damageIssue } from '../health/volume-health.ts'
import { findingOf, toFinding, type Finding } from '../issues/catalogue.ts'
import { messageOf, type VolumeError } from '../model/errors.ts'
import { isIdOfNode } from '../model/ids.ts'
import type { ImageFiles } from '../model/ports/image-files.ts'
import { NewerRecordError } from '../pool/files/versioned-json.ts'
import { PoolUnreachableError } from '../pool/gate/unreachable.ts'
import { snapshotKind, volumeKind } from '../pool/records/record-kinds.ts'
import { measureDisk, measureUntaken } from '../pool/space/measure.ts'
import { canBeFilled, isFull } from '../pool/space/space.ts'
import { snapshotImage, usageOf, volumeImage, type PoolOnDisk } from './pool-on-disk.ts'

/** Findings about a pool as a whole. @param driver the process that has the pool open, if any */
export async function poolFindings(
  pool: PoolOnDisk,
  driver: number | undefined,
  files: ImageFiles,
): Promise<Finding[]> {
  const { image, limits, name, path } = pool.config
  if (pool.problem) return [problemFinding(pool.problem, image?.file ?? path)]
  if (pool.state === 'unmounted' && driver !== undefined)
    return [findingOf('PoolNotVisible', { pool: name, driver })]
  if (pool.state !== 'ready') return []
  try {
    if (await files.isReadOnly(path)) return [findingOf('PoolReadOnly', { pool: name, path })]
    const freeBytes = driver === undefined ? undefined : await freeOfFull(pool, files)
    if (freeBytes !== undefined) return [findingOf('PoolFull', { pool: name, freeBytes })]
    const issue = fullness(name, limits, await usageOf(pool, files))
    return issue ? [toFinding(issue, { path })] : []
  } catch (error) {
    return [findingOf('PoolUnreadable', { message: messageOf(error), path })]
  }
}

/**
 * What is free, in bytes, when a running driver freezes thin volumes because of it. What is in memory only is
 * not counted: the driver also reports only a full disk.
 */
async function freeOfFull({ config, volumes }: PoolOnDisk, files: ImageFiles): Promise<bigint | undefined> {
  if (config.failsWhenFull === true) return undefined
  const disk = await measureDisk(config, files)
  if (!isFull({ ...disk, pendingBytes: 0n })) return undefined
  const thin = volumes.records.filter(({ provisioning }) => provisioning === 'thin')
  const images = { ids: thin.map(({ id }) => id), image: (id: string) => volumeImage({ config }, id) }
  const untaken = await measureUntaken(config.path, images, disk.freeBytes, files)
  return canBeFilled(untaken, disk.freeBytes) ? undefined : disk.freeBytes
}

function problemFinding(problem: VolumeError, path: string): Finding {
  const reason = problem instanceof PoolUnreachableError ? problem.reason : 'PoolMisconfigured'
  return findingOf(reason, { message: problem.message, path })
}

/** Findings about the records and images of a pool, in use or not. */
export function recordFindings(pool: PoolOnDisk, nodeId: string): Finding[] {
  return [
    ...[...pool.volumes.damaged].map(([id, error]) => damagedVolume(pool, id, error)),
    ...[...pool.snapshots.damaged].map(([id, error]) => damagedSnapshot(pool, id, error)),
    ...volumesOfOtherNodes(pool, nodeId),
  ]
}

/** Drafts and removals of interrupted operations. Only for a pool that no driver has open. */
export function leftoverFindings(pool: PoolOnDisk): Finding[] {
  return [volumeKind.folder, snapshotKind.folder].flatMap((folder) => {
    const { unfinished } = folder === volumeKind.folder ? pool.volumes : pool.snapshots
    return [...unfinished.keys()].map((name) =>
      findingOf('Leftover', { path: join(pool.config.path, folder, name) }),
    )
  })
}

function damagedVolume(pool: PoolOnDisk, id: string, error: Error): Finding {
  return toFinding(damageIssue(id, error), { path: volumeImage(pool, id) })
}

function damagedSnapshot(pool: PoolOnDisk, id: string, error: Error): Finding {
  const reason = error instanceof NewerRecordError ? 'SnapshotOfNewerDriver' : 'SnapshotDamaged'
  return findingOf(reason, { id, problem: messageOf(error), path: snapshotImage(pool, id) })
}

/** Volumes that another node, or this one under another name, has created: no call reaches them here. */
function volumesOfOtherNodes(pool: PoolOnDisk, nodeId: string): Finding[] {
  const ids = pool.volumes.records.map(({ id }) => id).filter((id) => !isIdOfNode(id, nodeId))
  return ids.map((id) =>
    findingOf('VolumeOfAnotherNode', {
      id,
      pool: pool.config.name,
      nodeId,
      directory: dirname(volumeImage(pool, id)),
    }),
  )
}
