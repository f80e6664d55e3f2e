import { stat } from 'node:fs/promises'
import { hasErrno } from '../../volumes/model/errors.ts'
import type { LoopState } from '../../volumes/model/ports/loop-devices.ts'
import { PresentNodes, type LoopNodes } from './device-nodes.ts'
import { identityOf, isBackedBy, type BackingIdentity } from './identity.ts'
import { listAttached, onTopOf, type InventoryEntry } from './inventory.ts'

/**
 * All bound devices of the machine at one moment, for commands that only read. LoopDevices.find tries the
 * lock of an image, which makes another attach at that moment fail; this takes no lock.
 */
export class AttachedDevices {
  readonly entries: readonly InventoryEntry[]

  private constructor(entries: readonly InventoryEntry[]) {
    this.entries = entries
  }

  static async list(nodes: LoopNodes = new PresentNodes()): Promise<AttachedDevices> {
    return new AttachedDevices(await listAttached(nodes))
  }

  /**
   * The devices of an image, and those of the same name on top of these. The kubelet detaches its own there.
   * @returns none for an image that does not exist
   */
  async of(image: string): Promise<LoopState[]> {
    const identity = await identityAt(image)
    const own = identity ? this.entries.filter(({ info }) => isBackedBy(info, identity)) : []
    const onTop = own.flatMap((entry) =>
      onTopOf(entry.state.device, this.entries).filter(({ state }) => state.name === entry.state.name),
    )
    return [...own, ...onTop].map(({ state }) => state)
  }
}

async function identityAt(path: string): Promise<BackingIdentity | undefined> {
  try {
    return identityOf(await stat(path, { bigint: true }))
  } catch (error) {
    if (hasErrno(error, 'ENOENT', 'ENOTDIR', 'EIO')) return undefined
    throw error
  }
}
