import { messageOf } from '../model/errors.ts'
import type { LoopState } from '../model/ports/loop-devices.ts'
import type { MountEntry, TrimStep } from '../model/ports/mounts.ts'
import type { Pool } from '../pool/pool.ts'
import type { NodeContext } from '../state/context.ts'
import { attachmentOf } from '../state/volume-state.ts'

/**
 * Trims the pool's volumes with `discard: periodic`, one after another, which frees blocks that their file
 * systems no longer use. A failure is logged and does not stop the others.
 */
export async function trimPool(node: NodeContext, pool: Pool, signal: AbortSignal): Promise<void> {
  for (const { id } of pool.volumes.values()) {
    try {
      await trimVolume(node, pool, id, signal)
    } catch (error) {
      if (signal.aborted) return
      node.log.warn({ volume: id, error: messageOf(error) }, 'could not be trimmed')
    }
  }
}

async function trimVolume(node: NodeContext, pool: Pool, id: string, signal: AbortSignal): Promise<void> {
  let trimmedBytes: bigint | undefined
  for (let from: bigint | undefined = 0n; from !== undefined;) {
    const step: TrimStep | undefined = await trimStep(node, pool, id, from, signal)
    if (step) trimmedBytes = (trimmedBytes ?? 0n) + step.trimmedBytes
    from = step?.next
  }
  if (trimmedBytes === undefined) return
  pool.space.changed()
  // As the file system counts it; for xfs and btrfs that is all free space. The space that the pool gains
  // cannot be measured here: xfs does not wait for its discards (Linux 6.6).
  node.log.info({ volume: id, pool: pool.name, trimmedBytes: Number(trimmedBytes) }, 'trimmed')
}

/**
 * One step under the volume's lock, so that a volume is not trimmed while it is frozen for a snapshot, nor
 * unmounted while it is trimmed. Calls that wait for the lock run between two steps and may change anything,
 * so each step reads the state again. What a full pool has frozen stays frozen: FITRIM writes nothing to the
 * file system, and frees space for all.
 */
async function trimStep(
  { access, catalog, mounts }: NodeContext,
  pool: Pool,
  id: string,
  from: bigint,
  signal: AbortSignal,
): Promise<TrimStep | undefined> {
  // An operator may have copied a volume to another pool. Only one of the two is the one that is attached.
  const isWanted = (): boolean => {
    const volume = catalog.find(id)
    return volume?.pool === pool.name && volume.discard === 'periodic'
  }
  if (!isWanted()) return undefined
  return await access.lookAt(id, signal, async () => {
    if (!isWanted()) return undefined
    const state = access.observe(id)
    const own = await state.device()
    const mountPoint = decideTrim(own, attachmentOf(own) === 'file system' ? await state.mounts() : [])
    signal.throwIfAborted()
    return mountPoint === undefined ? undefined : await mounts.trim(mountPoint, from)
  })
}

/** @returns the mount point to trim; undefined for a volume that is raw or not mounted for writing */
export function decideTrim(own: LoopState | undefined, uses: readonly MountEntry[]): string | undefined {
  if (attachmentOf(own) !== 'file system') return undefined
  return uses.find(({ readOnly }) => !readOnly)?.target
}
