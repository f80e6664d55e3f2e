import { access, constants } from 'node:fs/promises'
import { hasErrno, messageOf } from '../errors.ts'
import type { Pool } from '../pool/pool.ts'
import { PoolUnreachableError } from '../pool/unreachable.ts'
import { fullness } from './fullness.ts'
import type { StorageIssue } from './issue.ts'

/** What is wrong with an open pool, looked at anew. */
export async function poolIssues(pool: Pool): Promise<StorageIssue[]> {
  try {
    await pool.check()
    if (await isReadOnly(pool.path)) {
      const message = `pool "${pool.name}": the file system of ${pool.path} is read-only, by choice or after errors; look at the kernel's log, repair it, and mount it for writing`
      return [{ status: 'degraded', reason: 'PoolReadOnly', message }]
    }
    return [fullness(pool.name, pool.limits, await pool.space.usage())].filter((issue) => issue !== undefined)
  } catch (error) {
    return [unreachable(error)]
  }
}

export function unreachable(error: unknown): StorageIssue {
  const reason = error instanceof PoolUnreachableError ? error.reason : 'PoolUnreadable'
  return { status: 'unreachable', reason, message: messageOf(error) }
}

/** True for a file system that nobody can write to; access(2) says so even to root. */
export async function isReadOnly(path: string): Promise<boolean> {
  try {
    await access(path, constants.W_OK)
    return false
  } catch (error) {
    if (hasErrno(error, 'EROFS')) return true
    throw error
  }
}
