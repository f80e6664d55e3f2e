import type { Logger } from 'pino'
import type { KeyedLock } from '../concurrency/keyed-lock.ts'
import { hasErrno, messageOf } from '../model/errors.ts'
import type { LoopDevices, LoopState } from '../model/ports/loop-devices.ts'
import type { Mounts } from '../model/ports/mounts.ts'
import type { Pool } from '../pool/pool.ts'

export interface ThawDependencies {
  readonly locks: KeyedLock
  readonly loops: LoopDevices
  readonly mounts: Mounts
  readonly log: Logger
}

/**
 * Ends the freezes of a driver that died inside of them, by the word that it left. To be called before
 * anything in a pool is served: whoever writes to such a file system waits until then. All that can be thawed
 * is thawed, also when something fails, and the word is kept until all that it names is known not to be
 * frozen.
 * @param areAll whether these are all pools: else what is not in them may be in another, and the word of it
 * is kept
 * @returns how many were frozen
 * @throws when a file system stays frozen, or cannot be looked at; it can be tried again
 */
export async function thawAfterCrash(
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
      // What is in none of these pools may be in another one, or is a volume whose directory was removed.
      const outcome = pool || areAll ? await tryToThaw(on, pool, id, failures) : 'unknown'
      if (outcome === 'thawed') thawed++
      if (outcome === 'unknown') isKept = true
    }
    if (!isKept) store.removeFreezeMarkers()
  }
  if (failures.length > 0) throw failures[0]
  return thawed
}

type Outcome = 'thawed' | 'not frozen' | 'unknown'

async function tryToThaw(
  on: ThawDependencies,
  pool: Pool | undefined,
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
  pool: Pool | undefined,
  id: string,
): Promise<Outcome> {
  // What another pool's volume is frozen for at the moment is no business of ours.
  using _lock = await locks.acquire(id, new AbortController().signal)
  let outcome: Outcome = 'not frozen'
  for (const { device } of await attachedAs(loops, pool, id)) {
    // A file system that is frozen is alive, mounted or not, and holds its device.
    await using fileSystem = await mounts.openFileSystem(device)
    if (!fileSystem || !(await fileSystem.thaw())) continue
    log.warn({ volume: id, place: fileSystem.place }, 'thawed what an interrupted operation left frozen')
    outcome = 'thawed'
  }
  return outcome
}

/**
 * The devices of a volume, by their name where its image is gone: the file is kept as long as they have it.
 */
async function attachedAs(loops: LoopDevices, pool: Pool | undefined, id: string): Promise<LoopState[]> {
  if (!pool) return await loops.findNamed(id)
  try {
    const attached = await loops.find(pool.volumes.image(id))
    return attached ? [attached] : []
  } catch (error) {
    if (!hasErrno(error, 'ENOENT')) throw error
    return await loops.findNamed(id)
  }
}
