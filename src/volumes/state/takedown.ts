import type { Catalog } from '../pool/catalog.ts'
import { VolumeError, hasErrno } from '../model/errors.ts'
import type { LoopDevices, LoopState } from '../model/ports.ts'
import { devicesOf } from '../machine/devices.ts'

/** What is to be taken down of a volume. */
export interface Remains {
  /** Undefined where there is no such volume, or it is lost. */
  readonly image: string | undefined
  /** The volume's own device first. Empty also for a lost volume. */
  readonly devices: readonly LoopState[]
  /**
   * The record or the image can no longer be read, because it is damaged or its pool has died. The volume may
   * be attached all the same, and must be let go of: it is what keeps the pool from being mounted anew.
   */
  readonly isLost: boolean
}

/** Finds what a volume, or what may be left of one, has on this node. */
export async function remainsOf(catalog: Catalog, loops: LoopDevices, id: string): Promise<Remains> {
  try {
    const volume = catalog.find(id)
    if (!volume) {
      catalog.requireAbsent(id)
      return { image: undefined, devices: [], isLost: false }
    }
    const image = catalog.image(volume)
    const devices = (await devicesOf(loops, image)).filter((state) => state !== undefined)
    return { image, devices, isLost: false }
  } catch (error) {
    if (!(error instanceof VolumeError) && !hasErrno(error, 'ENOENT', 'ENOTDIR', 'EIO')) throw error
    return { image: undefined, devices: [], isLost: true }
  }
}
