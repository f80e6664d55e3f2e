import type { Logger } from 'pino'
import { messageOf } from '../model/errors.ts'
import type { Pool } from '../pool/pool.ts'
import type { TrimStep } from '../model/ports.ts'
import type { NodeDependencies } from '../state/dependencies.ts'
import { usesOf } from '../machine/uses.ts'

/** Gives the blocks that file systems no longer use back to the pool (`discard: periodic`). */
export class Trimmer {
  readonly #on: NodeDependencies
  readonly #log: Logger

  constructor(dependencies: NodeDependencies, log: Logger) {
    this.#on = dependencies
    this.#log = log
  }

  /**
   * Trims those of the pool's volumes that want it, one after another. A volume where that fails does not
   * keep the others.
   */
  async trim(pool: Pool, signal: AbortSignal): Promise<void> {
    for (const { id } of pool.volumes.values()) {
      try {
        await this.#trimVolume(pool, id, signal)
      } catch (error) {
        if (signal.aborted) return
        this.#log.warn({ volume: id, error: messageOf(error) }, 'could not be trimmed')
      }
    }
  }

  async #trimVolume(pool: Pool, id: string, signal: AbortSignal): Promise<void> {
    let trimmedBytes: bigint | undefined
    for (let from: bigint | undefined = 0n; from !== undefined;) {
      const step: TrimStep | undefined = await this.#trimStep(pool, id, from, signal)
      if (step) trimmedBytes = (trimmedBytes ?? 0n) + step.trimmedBytes
      from = step?.next
    }
    if (trimmedBytes === undefined) return
    pool.space.changed()
    // By the file system's own count, which for xfs and btrfs is all that is free. What the pool gets cannot
    // be measured here: xfs does not wait for its discards (Linux 6.6).
    this.#log.info({ volume: id, pool: pool.name, trimmedBytes: Number(trimmedBytes) }, 'trimmed')
  }

  /**
   * Leaves out what is not mounted, or for reading only. Under the volume's lock, so that nothing is trimmed
   * that is frozen for a snapshot, and nothing unmounted while it is trimmed. Calls that wait for the lock
   * have their turn between two steps, and may change all of it, so everything is looked at again in each.
   */
  async #trimStep(pool: Pool, id: string, from: bigint, signal: AbortSignal): Promise<TrimStep | undefined> {
    const { loops, locks, mounts } = this.#on
    if (pool.volumes.get(id)?.discard !== 'periodic') return undefined
    using _lock = await locks.acquire(id, signal)
    // Again: it may have been changed or deleted while we waited.
    if (pool.volumes.get(id)?.discard !== 'periodic') return undefined
    const attached = await loops.find(pool.volumes.image(id))
    // Without autoclear it is a raw block volume.
    if (!attached?.autoclear) return undefined
    const mount = usesOf(attached.device, await mounts.list()).find(({ readOnly }) => !readOnly)
    signal.throwIfAborted()
    return mount && (await mounts.trim(mount.target, from))
  }
}
