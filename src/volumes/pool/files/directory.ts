import { failureOf, hasErrno, isTransient, messageOf, VolumeError } from '../../model/errors.ts'
import type { ImageFiles } from '../../model/ports/image-files.ts'
import { readdir } from '../gate/turn.ts'
import { PoolUnreachableError } from '../gate/unreachable.ts'

/**
 * Locks a pool's directory against other driver processes, until disposed of.
 * @throws PoolUnreachableError PoolInUse when another process has locked it; or as `notRead` says
 */
export async function lockDirectory(files: ImageFiles, pool: string, path: string): Promise<AsyncDisposable> {
  const lock = await files.lock(path).catch((error: unknown) => {
    if (hasErrno(error, 'ENOENT', 'ENOTDIR')) {
      throw new PoolUnreachableError(
        'PoolNotMounted',
        `pool "${pool}": ${path} no longer exists; mount the disk that it is on`,
        { cause: error },
      )
    }
    throw notRead(pool, path, error)
  })
  if (lock) return lock
  throw new PoolUnreachableError(
    'PoolInUse',
    `pool "${pool}": ${path} is in use by another driver process; two on one pool would mix up data`,
  )
}

/**
 * Requires an empty directory, for a new pool.
 * @param ours a file that an interrupted start of the driver may have left
 * @throws VolumeError failed-precondition naming another entry of the directory
 */
export async function requireEmpty(
  pool: string,
  path: string,
  expected: string,
  ours: string,
): Promise<void> {
  const [found] = (await readdir(path)).filter((entry) => entry !== 'lost+found' && entry !== ours)
  if (found === undefined) return
  throw new VolumeError(
    'failed-precondition',
    `pool "${pool}": ${path} has no ${expected} and is not empty (${found})`,
  )
}

/**
 * The error for a directory, or a file in it, that could not be read.
 * @returns PoolUnreachableError when the disk is the cause; an error with its errno when this process
 * temporarily lacks resources
 */
export function notRead(pool: string, path: string, cause: unknown): Error {
  return isTransient(cause) ? failureOf(path, cause) : unreadable(pool, path, cause)
}

export function unreadable(pool: string, path: string, cause: unknown): PoolUnreachableError {
  return new PoolUnreachableError(
    'PoolUnreadable',
    `pool "${pool}": ${path} cannot be read (${messageOf(cause)}); look for errors of its disk in the kernel's log; it is opened again when it can be read`,
    { cause },
  )
}
