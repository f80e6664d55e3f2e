import { fullness } from '../health/pool-issues.ts'
import { findingOf, toFinding, type Finding } from '../issues/catalogue.ts'
import { messageOf, type VolumeError } from '../model/errors.ts'
import type { ImageFiles } from '../model/ports/image-files.ts'
import { PoolUnreachableError } from '../pool/gate/unreachable.ts'
import { usageOf, type PoolOnDisk } from './pool-on-disk.ts'

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
    const issue = fullness(name, limits, await usageOf(pool, files))
    return issue ? [toFinding(issue, { path })] : []
  } catch (error) {
    return [findingOf('PoolUnreadable', { message: messageOf(error), path })]
  }
}

function problemFinding(problem: VolumeError, path: string): Finding {
  const reason = problem instanceof PoolUnreachableError ? problem.reason : 'PoolMisconfigured'
  return findingOf(reason, { message: problem.message, path })
}
