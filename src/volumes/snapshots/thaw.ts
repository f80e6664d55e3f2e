import type { Logger } from 'pino'
import { hasErrno } from '../errors.ts'
import type { KeyedLock } from '../keyed-lock.ts'
import { mountPointOf } from '../node/uses.ts'
import type { Pool } from '../pool/pool.ts'
import type { LoopDevices, LoopState, Mounts } from '../ports.ts'

export interface ThawDependencies {
  readonly locks: KeyedLock
  readonly loops: LoopDevices
  readonly mounts: Mounts
  readonly log: Logger
}

/**
 * Ends the freezes of a driver that died inside of them, by the word that it left. To be called before anything in a pool is
 * served: whoever writes to such a file system waits until then, and once it is unmounted nobody can thaw it.
 * @param areAll whether these are all pools: else what is not in them may be in another, and the word of it is kept
 * @returns how many were frozen
 * @throws when a file system stays frozen; it can be tried again
 */
export async function thawLeftFrozen(
  on: ThawDependencies,
  pools: readonly Pool[],
  areAll: boolean,
): Promise<number> {
  let thawed = 0
  // The word is in the pool of the copy, the volume may be in another one.
  for (const store of pools.flatMap(({ volumes, snapshots }) => [volumes, snapshots])) {
    const found = store.frozen.map((id) => ({ id, pool: pools.find((pool) => hasVolume(pool, id)) }))
    for (const { id, pool } of found) if (pool && (await thaw(on, pool, id))) thawed++
    if (areAll || found.every(({ pool }) => pool !== undefined)) store.forgetFrozen()
  }
  return thawed
}

function hasVolume({ volumes }: Pool, id: string): boolean {
  return volumes.get(id) !== undefined || volumes.damaged.has(id)
}

async function thaw(
  { locks, loops, mounts, log }: ThawDependencies,
  pool: Pool,
  id: string,
): Promise<boolean> {
  // What another pool's volume is frozen for at the moment is no business of ours.
  using _lock = await locks.acquire(id, new AbortController().signal)
  const attached = await findAttached(loops, pool.volumes.image(id))
  const mountPoint = attached && mountPointOf(attached.device, await mounts.list())
  if (mountPoint === undefined || !(await mounts.thaw(mountPoint))) return false
  log.warn({ volume: id, mountPoint }, 'thawed what an interrupted operation left frozen')
  return true
}

async function findAttached(loops: LoopDevices, image: string): Promise<LoopState | undefined> {
  try {
    return await loops.find(image)
  } catch (error) {
    if (hasErrno(error, 'ENOENT')) return undefined
    throw error
  }
}
