import type { Logger } from 'pino'
import { hasErrno } from '../errors.ts'
import { mountPointOf } from '../node/uses.ts'
import type { Pool } from '../pool/pool.ts'
import type { LoopDevices, LoopState, Mounts } from '../ports.ts'

export interface ThawDependencies {
  readonly pools: readonly Pool[]
  readonly loops: LoopDevices
  readonly mounts: Mounts
  readonly log: Logger
}

/**
 * Ends the freezes of a driver that died inside of them, by the word that it left. To be called before anything is
 * served: whoever writes to such a file system waits until then.
 * @throws when a file system stays frozen; the next start tries again
 */
export async function thawLeftFrozen({ pools, loops, mounts, log }: ThawDependencies): Promise<void> {
  const stores = pools.flatMap(({ volumes, snapshots }) => [volumes, snapshots])
  // The word is in the pool of the copy, the volume may be in another one.
  for (const id of new Set(stores.flatMap(({ frozen }) => frozen))) {
    for (const pool of pools) {
      const attached = await findAttached(loops, pool.volumes.image(id))
      const mountPoint = attached && mountPointOf(attached.device, await mounts.list())
      if (mountPoint !== undefined && (await mounts.thaw(mountPoint))) {
        log.warn({ volume: id, mountPoint }, 'thawed what an interrupted operation left frozen')
      }
    }
  }
  for (const store of stores) store.forgetFrozen()
}

async function findAttached(loops: LoopDevices, image: string): Promise<LoopState | undefined> {
  try {
    return await loops.find(image)
  } catch (error) {
    if (hasErrno(error, 'ENOENT')) return undefined
    throw error
  }
}
