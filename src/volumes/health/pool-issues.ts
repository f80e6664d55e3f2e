import { messageOf } from '../errors.ts'
import type { Pool } from '../pool/pool.ts'
import { PoolUnreachableError } from '../pool/unreachable.ts'
import { fullness } from './fullness.ts'
import type { StorageIssue } from './issue.ts'

/** What is wrong with an open pool, looked at anew. */
export async function poolIssues(pool: Pool): Promise<StorageIssue[]> {
  try {
    await pool.check()
    if (await pool.isReadOnly()) return [readOnly(pool)]
    return [fullness(pool.name, pool.limits, await pool.space.usage())].filter((issue) => issue !== undefined)
  } catch (error) {
    return [unreachable(pool.name, error)]
  }
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
