import { dirname, join } from 'node:path'
import type { Finding } from '../health/issue.ts'
import { damageIssue } from '../health/volume-health.ts'
import { messageOf } from '../model/errors.ts'
import { isIdOfNode } from '../model/ids.ts'
import { NewerRecordError } from '../pool/files/versioned-json.ts'
import { snapshotKind, volumeKind } from '../pool/records/record-kinds.ts'
import { cureOf } from './cures.ts'
import { snapshotImage, volumeImage, type PoolOnDisk } from './pool-on-disk.ts'

/** What is wrong with the records and images of a pool, whether or not somebody uses them. */
export function recordFindings(pool: PoolOnDisk, nodeId: string): Finding[] {
  return [
    ...[...pool.volumes.damaged].map(([id, error]) => damagedVolume(pool, id, error)),
    ...[...pool.snapshots.damaged].map(([id, error]) => damagedSnapshot(pool, id, error)),
    ...strangers(pool, nodeId),
  ]
}

/** What interrupted operations have left; to be asked only while no driver works on the pool. */
export function leftoverFindings(pool: PoolOnDisk): Finding[] {
  return [volumeKind.folder, snapshotKind.folder].flatMap((folder) => {
    const { unfinished } = folder === volumeKind.folder ? pool.volumes : pool.snapshots
    return [...unfinished.keys()].map((name) => leftover(join(pool.config.path, folder, name)))
  })
}

function damagedVolume(pool: PoolOnDisk, id: string, error: Error): Finding {
  const { reason, message } = damageIssue(id, error)
  return { severity: 'error', reason, message, cure: cureOf(reason, { path: volumeImage(pool, id) }) }
}

function damagedSnapshot(pool: PoolOnDisk, id: string, error: Error): Finding {
  const reason = error instanceof NewerRecordError ? 'SnapshotOfNewerDriver' : 'SnapshotDamaged'
  const message = `snapshot "${id}" cannot be used: ${messageOf(error)}`
  return { severity: 'error', reason, message, cure: cureOf(reason, { path: snapshotImage(pool, id) }) }
}

function leftover(path: string): Finding {
  return {
    severity: 'warning',
    reason: 'Leftover',
    message: `${path} is left of an operation that was interrupted, and takes space`,
    cure: `start the driver, which removes it`,
  }
}

/**
 * Volumes that another node, or this one under another name, has made: no cluster asks this node for them.
 */
function strangers(pool: PoolOnDisk, nodeId: string): Finding[] {
  const ids = pool.volumes.records.map(({ id }) => id).filter((id) => !isIdOfNode(id, nodeId))
  return ids.map((id) => ({
    severity: 'warning',
    reason: 'VolumeOfAnotherNode',
    message: `volume "${id}" in pool "${pool.config.name}" was made by another node than "${nodeId}"`,
    cure: `csi-driver-loop volume adopt ${dirname(volumeImage(pool, id))}`,
  }))
}
