import { failureOf, isPassing, messageOf } from '../model/errors.ts'
import type { Pool } from '../pool/pool.ts'
import { PoolUnreachableError, notAnswering } from '../pool/gate/unreachable.ts'
import { fullness } from './fullness.ts'
import type { StorageIssue } from './issue.ts'
import { withinDeadline } from '../concurrency/within-deadline.ts'

/**
 * Whoever asks for the health of all pools waits no longer for one of them: the kubelet's probes have 5 s.
 */
const LOOK_MS = 3000

export interface PoolLook {
  readonly issues: readonly StorageIssue[]
  /** Why the pool cannot be used, when that is what was found. */
  readonly failure?: PoolUnreachableError | undefined
}

/** What is wrong with an open pool, looked at anew. */
export async function poolIssues(pool: Pool): Promise<readonly StorageIssue[]> {
  return (await lookAt(pool)).issues
}

export async function lookAt(pool: Pool): Promise<PoolLook> {
  const checked = await withinDeadline(LOOK_MS, check(pool), failed(pool, notAnswering(pool.name, pool.path)))
  if (checked.issues.length > 0) return checked
  // To measure a large pool takes longer than to see that it is there.
  return await withinDeadline(LOOK_MS / 3, measure(pool), checked)
}

async function check(pool: Pool): Promise<PoolLook> {
  try {
    await pool.check()
    return { issues: (await pool.isReadOnly()) ? [readOnly(pool)] : [] }
  } catch (error) {
    return failed(pool, error)
  }
}

async function measure(pool: Pool): Promise<PoolLook> {
  try {
    const issue = fullness(pool.name, pool.limits, await pool.space.usage())
    return { issues: issue ? [issue] : [] }
  } catch (error) {
    return failed(pool, error)
  }
}

/**
 * @throws an error that `isPassing` when this process lacks something to look: that says nothing of the pool
 */
function failed({ name }: Pool, error: unknown): PoolLook {
  if (isPassing(error)) throw failureOf(`pool "${name}"`, error)
  const failure = error instanceof PoolUnreachableError ? error : undefined
  return { issues: [unreachable(name, error)], failure }
}

export function unreachable(pool: string, error: unknown): StorageIssue {
  const reason = error instanceof PoolUnreachableError ? error.reason : 'PoolUnreadable'
  return { pool, status: 'unreachable', reason, message: messageOf(error) }
}

/** What can be read goes on: a pool that is read-only is not lost. */
function readOnly({ name, path }: Pool): StorageIssue {
  const message = `pool "${name}": the file system of ${path} is read-only, by choice or after errors; look at the kernel's log, repair it, and mount it for writing`
  return { pool: name, status: 'degraded', reason: 'PoolReadOnly', message }
}
