import type { Finding } from '../health/issue.ts'
import { fullness } from '../health/pool-issues.ts'
import { messageOf, type VolumeError } from '../model/errors.ts'
import type { ImageFiles } from '../model/ports/image-files.ts'
import { PoolUnreachableError } from '../pool/gate/unreachable.ts'
import { cureOf } from './cures.ts'
import { usageOf, type PoolOnDisk } from './pool-on-disk.ts'

/**
 * What is wrong with a pool as a whole.
 * @param driver the process that has the pool open, where one has
 */
export async function poolFindings(
  pool: PoolOnDisk,
  driver: number | undefined,
  files: ImageFiles,
): Promise<Finding[]> {
  const { image, limits, name, path } = pool.config
  if (pool.problem) return [problemFinding(pool.problem, image?.file ?? path)]
  if (pool.state === 'unmounted' && driver !== undefined) return [elsewhere(name, driver)]
  if (pool.state !== 'ready') return []
  try {
    if (await files.isReadOnly(path)) return [readOnly(name, path)]
    const issue = fullness(name, limits, await usageOf(pool, files))
    if (!issue) return []
    const { message, reason } = issue
    return [{ severity: 'warning', reason, message, cure: cureOf(reason, { path }) }]
  } catch (error) {
    return [problemFinding(new PoolUnreachableError('PoolUnreadable', messageOf(error)), path)]
  }
}

function problemFinding(problem: VolumeError, path: string): Finding {
  const reason = problem instanceof PoolUnreachableError ? problem.reason : 'PoolMisconfigured'
  return { severity: 'error', reason, message: problem.message, cure: cureOf(reason, { path }) }
}

function elsewhere(pool: string, driver: number): Finding {
  return {
    severity: 'warning',
    reason: 'PoolNotVisible',
    message: `pool "${pool}" is an image that is mounted in the mount namespace of the driver (process ${driver}), not in this one; its volumes are not looked at`,
    cure: `look from there: kubectl exec into the driver's pod, or nsenter --target ${driver} --mount`,
  }
}

function readOnly(pool: string, path: string): Finding {
  const reason = 'PoolReadOnly'
  const message = `pool "${pool}": the file system of ${path} is read-only, by choice or after errors`
  return { severity: 'error', reason, message, cure: cureOf(reason, { path }) }
}
