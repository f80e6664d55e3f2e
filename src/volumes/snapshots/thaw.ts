import type { Logger } from 'pino'
import { FILES_AT_ONCE, sideBySide } from '../concurrency/side-by-side.ts'
import type { KeyedLock } from '../concurrency/keyed-lock.ts'
import { hasErrno, messageOf } from '../model/errors.ts'
import type { LoopDevices, LoopState } from '../model/ports/loop-devices.ts'
import type { Mounts } from '../model/ports/mounts.ts'
import type { Gate } from '../pool/gate/gate.ts'
import type { Pool } from '../pool/pool.ts'

/** How long an operation of this process may hold the lock of a volume. */
const LOCK_LIMIT_MS = 30_000

export interface ThawDependencies {
  readonly locks: KeyedLock
  readonly loops: LoopDevices
  readonly mounts: Mounts
  readonly log: Logger
}

/**
 * Thaws file systems that a crashed driver left frozen, by its freeze markers. Call this before a pool is
 * served: writers wait until then. A failure does not stop the others from being thawed, and a marker stays
 * until none of its volumes can be frozen.
 * @param areAll whether these are all pools: else a volume may be in another one, and its marker stays
 * @returns how many were frozen
 * @throws when a file system stays frozen, or cannot be opened; the call can be repeated
 */
export async function thawAfterCrash(
  on: ThawDependencies,
  pools: readonly Pool[],
  areAll: boolean,
): Promise<number> {
  const failures: unknown[] = []
  let thawed = 0
  // The freeze marker is in the pool of the copy; the volume may be in another one.
  const stores = pools.flatMap((pool) => [pool.volumes, pool.snapshots].map((store) => ({ store, pool })))
  for (const { store, pool: marked } of stores) {
    // Side by side: all volumes of a full pool can be frozen, and nothing is served until they are thawed.
    const outcomes = await sideBySide(new Set(store.frozen), FILES_AT_ONCE, async (id) => {
      const pool = pools.find((pool) => hasVolume(pool, id))
      // A volume in none of these pools may be in another one, or its directory was removed.
      const frozen = pool || areAll ? { id, pool, gate: (pool ?? marked).gate } : undefined
      return frozen ? await tryToThaw(on, frozen, failures) : 'unknown'
    })
    thawed += outcomes.filter((outcome) => outcome === 'thawed').length
    if (!outcomes.includes('unknown')) store.removeFreezeMarkers()
  }
  if (failures.length > 0) throw failures[0]
  return thawed
}

type Outcome = 'thawed' | 'not frozen' | 'unknown'

/** A volume that may be frozen. */
interface Suspect {
  readonly id: string
  /** Undefined for a volume in no pool. */
  readonly pool: Pool | undefined
  /** Of the pool, or of that of the freeze marker. */
  readonly gate: Gate
}

async function tryToThaw(on: ThawDependencies, suspect: Suspect, failures: unknown[]): Promise<Outcome> {
  try {
    return await thaw(on, suspect)
  } catch (error) {
    on.log.error(
      { volume: suspect.id, error: messageOf(error) },
      'cannot thaw what an interrupted operation left frozen',
    )
    failures.push(error)
    return 'unknown'
  }
}

function hasVolume({ volumes }: Pool, id: string): boolean {
  return volumes.get(id) !== undefined || volumes.damaged.has(id)
}

/** @throws PoolUnreachableError when a call does not return: ext4 writes to its disk (FITHAW) */
async function thaw(on: ThawDependencies, suspect: Suspect): Promise<Outcome> {
  // With the lock, we do not end the freeze of a running operation.
  using _lock = await lock(on.locks, suspect.id)
  const { mounts, log } = on
  const { id, pool, gate } = suspect
  using _stalls = gate.limitStalls()
  let outcome: Outcome = 'not frozen'
  for (const { device, name } of await attachedAs(on.loops, pool, id)) {
    await gate.limited(async () => {
      // A frozen file system is active, mounted or not, and keeps its device attached. It stays open until
      // its thaw has returned, though nobody may wait any longer: else the thaw could meet another file
      // system that was opened with the same descriptor.
      await using fileSystem = await mounts.openFileSystem(device, name)
      if (!fileSystem || !(await fileSystem.thaw())) return
      log.warn({ volume: id, place: fileSystem.place }, 'thawed what an interrupted operation left frozen')
      outcome = 'thawed'
    })
  }
  return outcome
}

async function lock(locks: KeyedLock, id: string): Promise<Disposable> {
  const limit = AbortSignal.timeout(LOCK_LIMIT_MS)
  try {
    return await locks.acquire(id, limit)
  } catch (error) {
    if (!limit.aborted) throw error
    throw new Error(`volume "${id}" is in use by another call`, { cause: error })
  }
}

/**
 * The devices of a volume, by their name if its image is deleted: an attached device keeps a deleted file.
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
