import { VolumeError, failureOf } from '../model/errors.ts'
import type { VolumeParameters } from '../model/parameters.ts'
import type { VolumeSpec } from '../model/volume.ts'
import type { NodeContext } from '../state/context.ts'

/** One page. */
const SMALLEST_BLOCK_VOLUME = 4096n

/** The largest volume that can be created now, in bytes; 0 while its pool is unreachable or read-only. */
export async function availableBytes(
  { catalog }: NodeContext,
  { pool, provisioning }: Pick<VolumeParameters, 'pool' | 'provisioning'>,
): Promise<bigint> {
  try {
    const found = catalog.pool(pool)
    await found.check()
    if (await found.isReadOnly()) return 0n
    if ((await found.incompatibility(provisioning)) !== undefined) return 0n
    return await found.space.available(provisioning)
  } catch (error) {
    if (!(error instanceof VolumeError)) throw failureOf(`pool "${pool}"`, error)
    if (error.kind === 'unavailable') return 0n
    throw error
  }
}

/** The smallest volume of this kind, in bytes. */
export function minimumBytes(
  { fileSystems }: NodeContext,
  { accessTypes, fsType }: Pick<VolumeSpec, 'accessTypes' | 'fsType'>,
): bigint {
  return accessTypes.includes('mount') ? fileSystems.minimumBytes(fsType) : SMALLEST_BLOCK_VOLUME
}
