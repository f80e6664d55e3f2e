import type { Logger } from 'pino'
import { hasErrno, messageOf } from '../errors.ts'
import type { KeyedLock } from '../keyed-lock.ts'
import type { Pool } from '../pool/pool.ts'
import type { LoopDevices, Mounts } from '../ports.ts'

export interface ThawDependencies {
  readonly locks: KeyedLock
  readonly loops: LoopDevices
  readonly mounts: Mounts
  readonly log: Logger
}

/**
 * Ends the freezes of a driver that died inside of them, by the word that it left. To be called before anything in a pool is
 * served: whoever writes to such a file system waits until then. All that can be thawed is thawed, also when something fails, and
 * the word is kept until all that it names is known not to be frozen.
 * @param areAll whether these are all pools: else what is not in them may be in another, and the word of it is kept
 * @returns how many were frozen
 * @throws when a file system stays frozen, or cannot be looked at; it can be tried again
 */
export async function thawLeftFrozen(
  on: ThawDependencies,
  pools: readonly Pool[],
  areAll: boolean,
): Promise<number> {
  const failures: unknown[] = []
  let thawed = 0
  // The word is in the pool of the copy, the volume may be in another one.
  for (const store of pools.flatMap(({ volumes, snapshots }) => [volumes, snapshots])) {
    let isKept = false
    for (const id of store.frozen) {
      const pool = pools.find((pool) => hasVolume(pool, id))
      const outcome = pool ? await tryToThaw(on, pool, id, failures) : areAll ? 'not frozen' : 'unknown'
      if (outcome === 'thawed') thawed++
      if (outcome === 'unknown') isKept = true
    }
    if (!isKept) store.forgetFrozen()
  }
  if (failures.length > 0) throw failures[0]
  return thawed
}

type Outcome = 'thawed' | 'not frozen' | 'unknown'

async function tryToThaw(
  on: ThawDependencies,
  pool: Pool,
  id: string,
  failures: unknown[],
): Promise<Outcome> {
  try {
    return await thaw(on, pool, id)
  } catch (error) {
    on.log.error(
      { volume: id, error: messageOf(error) },
      'cannot thaw what an interrupted operation left frozen',
    )
    failures.push(error)
    return 'unknown'
  }
}

function hasVolume({ volumes }: Pool, id: string): boolean {
  return volumes.get(id) !== undefined || volumes.damaged.has(id)
}

async function thaw(
  { locks, loops, mounts, log }: ThawDependencies,
  pool: Pool,
  id: string,
): Promise<Outcome> {
  // What another pool's volume is frozen for at the moment is no business of ours.
  using _lock = await locks.acquire(id, new AbortController().signal)
  const attached = await loops.find(pool.volumes.image(id)).catch((error: unknown) => {
    if (hasErrno(error, 'ENOENT')) return 'unknown' as const
    throw error
  })
  if (attached === 'unknown') {
    // A device without its image is found by no path.
    const message =
      'the volume may be left frozen, which cannot be known without its image; delete the volume, or bring it back'
    log.error({ volume: id }, message)
    return 'unknown'
  }
  // A file system that is frozen is alive, mounted or not, and holds its device.
  await using fileSystem = attached && (await mounts.openFileSystem(attached.device))
  if (!fileSystem || !(await fileSystem.thaw())) return 'not frozen'
  log.warn({ volume: id, place: fileSystem.place }, 'thawed what an interrupted operation left frozen')
  return 'thawed'
}
