import { realpath } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { hasErrno, VolumeError } from '../model/errors.ts'
import { homeOf, type PoolConfig } from '../model/pool-config.ts'
import type { Gates } from './gate/gates.ts'
import { stat, turn } from './gate/turn.ts'
import { PoolUnreachableError } from './gate/unreachable.ts'

/** The actual location of a pool. */
interface Place {
  readonly name: string
  readonly home: string
  /** Without symbolic links. */
  readonly path: string
  /**
   * The directory and its existing ancestors, by device and inode: a bind mount makes the same directory
   * visible at another path.
   */
  readonly directories: readonly (string | undefined)[]
}

/**
 * Pools must not share a directory or be inside each other: they would mix up their data.
 * @throws VolumeError failed-precondition naming both; a pool that does not answer is left out
 */
export async function requireSeparateDirectories(pools: readonly PoolConfig[], gates: Gates): Promise<void> {
  const places = (await Promise.all(pools.map((pool) => placeOf(pool, gates)))).flat()
  for (const [index, place] of places.entries())
    for (const other of places.slice(0, index)) requireApart(other, place)
}

async function placeOf(pool: PoolConfig, gates: Gates): Promise<Place[]> {
  const home = homeOf(pool)
  try {
    return await gates.of(pool.name).within(
      async () => {
        const path = await resolveExisting(home)
        return [{ name: pool.name, home, path, directories: await directoriesOf(path) }]
      },
      { isUrgent: true },
    )
  } catch (error) {
    // Opening the pool reports the same error.
    if (error instanceof PoolUnreachableError || (Error.isError(error) && 'code' in error)) return []
    throw error
  }
}

function requireApart(a: Place, b: Place): void {
  const [inside, outside] = isInside(b, a) ? [b, a] : [a, b]
  if (!isInside(inside, outside)) return
  const where = isInside(outside, inside)
    ? 'are the same directory'
    : `overlap: the first is inside of the second`
  throw new VolumeError(
    'failed-precondition',
    `pools "${inside.name}" (${inside.home}) and "${outside.name}" (${outside.home}) ${where}; give each pool a directory of its own`,
  )
}

function isInside(inner: Place, outer: Place): boolean {
  if (inner.path === outer.path || inner.path.startsWith(`${outer.path}/`)) return true
  const [directory] = outer.directories
  return directory !== undefined && inner.directories.includes(directory)
}

/** The path without symbolic links; its last components need not exist. */
async function resolveExisting(path: string): Promise<string> {
  try {
    return await turn(() => realpath(path))
  } catch (error) {
    if (!hasErrno(error, 'ENOENT') || path === '/') throw error
    return join(await resolveExisting(dirname(path)), basename(path))
  }
}

async function directoriesOf(path: string): Promise<(string | undefined)[]> {
  const identity = await identityOf(path)
  return path === '/' ? [identity] : [identity, ...(await directoriesOf(dirname(path)))]
}

async function identityOf(path: string): Promise<string | undefined> {
  try {
    const { dev, ino } = await stat(path, { bigint: true })
    return `${dev}:${ino}`
  } catch (error) {
    if (hasErrno(error, 'ENOENT')) return undefined
    throw error
  }
}
